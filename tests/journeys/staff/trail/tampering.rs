//! Case 31: a superuser changes the trail by SQL. Whatever they do is found, and named.

use kosmo::audit::seals::ship::ShippedFiles;
use kosmo::audit::seals::verify::{Fault, Finding};
use sqlx::Row as _;
use uuid::Uuid;

use super::pages::UNION;
use crate::support::people::TARO;
use crate::support::world::{World, tester};

/// The lines of the union, the oldest first.
async fn lines(world: &World) -> Vec<Uuid> {
    let tenant = world.tenant(UNION);
    sqlx::query_scalar(
        "select id from audit_events where tenant_id = $1 order by written_in, at, id",
    )
    .bind(tenant)
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap()
}

/// A union with three seals.
async fn sealed() -> World {
    let world = World::empty().await;
    for _ in 0..3 {
        world.write_lines(UNION, 4).await;
        world.clock.advance(chrono::Duration::minutes(1));
        world.seal(UNION).await;
    }
    assert_eq!(world.verify(UNION, &[]).await.findings, []);
    world
}

fn told(findings: &[Finding]) -> Vec<(Fault, Option<i64>, Option<Uuid>)> {
    findings.iter().map(|finding| (finding.fault, finding.seal, finding.line)).collect()
}

#[tokio::test]
async fn case31_a_change_of_any_column_is_found() {
    let world = World::new().await;
    world.sign_in(TARO).await;
    world.seal(UNION).await;
    assert_eq!(world.verify(UNION, &[]).await.findings, []);
    let tenant = world.tenant(UNION);
    let columns = sqlx::query(
        "select column_name::text as name, data_type::text as type, udt_name::text as udt
         from information_schema.columns where table_name = 'audit_events' order by ordinal_position",
    )
    .fetch_all(&mut world.database.admin().await)
    .await
    .unwrap();
    assert!(columns.len() >= 29, "{}", columns.len());
    let victim = lines(&world).await[0];
    world.execute("create table kept as select * from audit_events").await;
    for column in columns {
        let (name, kind): (String, String) = (column.get("name"), column.get("type"));
        let another = match (name.as_str(), kind.as_str()) {
            // The union's seals are compared with its own lines, so its line is missing.
            ("tenant_id", _) => "(select id from tenants where slug = 'jomkenpo')".to_owned(),
            ("at", _) => "at + interval '1 microsecond'".to_owned(),
            ("actor_kind", _) => "'job'".to_owned(),
            ("outcome", _) => "'failed'".to_owned(),
            (_, "uuid") => "gen_random_uuid()".to_owned(),
            (_, "bigint") => format!("coalesce({name}, 0) + 1"),
            (_, "jsonb") => "'{\"another\": 1}'".to_owned(),
            (_, "ARRAY") => "array['another', null]".replace(", null", ""),
            (_, "text") => "'another'".to_owned(),
            other => panic!("{other:?}"),
        };
        world
            .execute(&format!(
                "update audit_events set {name} = {another} where tenant_id = '{tenant}' and id = '{victim}'"
            ))
            .await;
        let findings = world.verify(UNION, &[]).await.findings;
        assert!(!findings.is_empty(), "a change of {name} is not found");
        assert!(
            findings.iter().any(|finding| finding.line == Some(victim)),
            "{name}: {findings:?}"
        );
        assert!(findings.iter().all(|finding| finding.at.is_some()), "{name}: {findings:?}");
        world.execute("truncate audit_events").await;
        world.execute("insert into audit_events select * from kept").await;
        assert_eq!(world.verify(UNION, &[]).await.findings, [], "{name} is back");
    }
}

#[tokio::test]
async fn case31_a_line_that_was_cut_is_named_with_its_seal_and_time() {
    let world = sealed().await;
    let cut = lines(&world).await[5];
    world.execute(&format!("delete from audit_events where id = '{cut}'")).await;
    let findings = world.verify(UNION, &[]).await.findings;
    assert_eq!(told(&findings), [(Fault::LineMissing, Some(2), Some(cut))]);
    assert_eq!(findings[0].at.unwrap().to_rfc3339(), "2026-11-21T01:01:00+00:00");
}

#[tokio::test]
async fn case31_a_forged_line_is_named() {
    let world = sealed().await;
    let forged = Uuid::from_u128(7);
    world
        .execute(&format!(
            "insert into audit_events (tenant_id, at, id, actor_kind, actor_roles, action, outcome, detail, written_in)
             select tenant_id, at, '{forged}', 'operator', '{{}}', 'account.unlocked', 'ok', '{{}}', written_in
             from audit_events where id = '{}'",
            lines(&world).await[6]
        ))
        .await;
    let findings = world.verify(UNION, &[]).await.findings;
    assert_eq!(told(&findings), [(Fault::LineInserted, Some(2), Some(forged))]);
    // One that waits beyond all numbers is never sealed.
    world.execute(&format!("delete from audit_events where id = '{forged}'")).await;
    world.execute(
        "insert into audit_events (tenant_id, at, id, actor_kind, actor_roles, action, outcome, detail, written_in)
         select id, now(), '00000000-0000-0000-0000-000000000008', 'operator', '{}', 'x', 'ok', '{}', 9000000000000000000
         from tenants where slug = 'klinekenpo'",
    ).await;
    let findings = world.verify(UNION, &[]).await.findings;
    assert_eq!(told(&findings), [(Fault::LineInserted, None, Some(Uuid::from_u128(8)))]);
}

#[tokio::test]
async fn case31_a_seal_that_was_changed_or_cut_is_named() {
    let world = sealed().await;
    world
        .execute("update audit_seals set sealed_at = sealed_at + interval '1 hour' where no = 2")
        .await;
    let findings = world.verify(UNION, &[]).await.findings;
    assert_eq!(
        told(&findings).iter().map(|f| (f.0, f.1)).collect::<Vec<_>>(),
        [(Fault::SealChanged, Some(2))]
    );
    // Whoever makes the hash fit breaks the chain.
    let world = sealed().await;
    world.execute("update audit_seals set hash = sha256('x') where no = 2").await;
    let findings = world.verify(UNION, &[]).await.findings;
    let faults: Vec<_> = findings.iter().map(|finding| (finding.fault, finding.seal)).collect();
    assert_eq!(faults, [(Fault::SealChanged, Some(2)), (Fault::ChainBroken, Some(3))]);
    let world = sealed().await;
    world.execute("delete from audit_seals where no = 2").await;
    let findings = world.verify(UNION, &[]).await.findings;
    assert_eq!(told(&findings), [(Fault::SealMissing, Some(2), None)]);
}

#[tokio::test]
async fn case31_a_tail_that_was_cut_is_found_by_what_was_shipped() {
    let world = sealed().await;
    let folder = tempfile::tempdir().unwrap();
    let files = ShippedFiles::new(folder.path(), UNION);
    let mut tx = world.operator.tenant(world.tenant(UNION), &tester()).await.unwrap();
    files.ship(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let shipped = files.seals().unwrap();
    assert_eq!(world.verify(UNION, &shipped).await.findings, []);
    let newest = lines(&world).await.split_off(8);
    world.execute("delete from audit_seals where no = 3").await;
    for id in &newest {
        world.execute(&format!("delete from audit_events where id = '{id}'")).await;
    }
    assert_eq!(world.verify(UNION, &[]).await.findings, [], "the chain alone is whole");
    let findings = world.verify(UNION, &shipped).await.findings;
    assert_eq!(told(&findings), [(Fault::TailCut, Some(3), newest.last().copied())]);
    // The worker seals anew over the cut.
    world.write_lines(UNION, 2).await;
    world.seal(UNION).await;
    let findings = world.verify(UNION, &shipped).await.findings;
    assert_eq!(told(&findings), [(Fault::SealReplaced, Some(3), newest.last().copied())]);
    let fewer = [shipped[0].clone(), shipped[2].clone()];
    let findings = world.verify(UNION, &fewer).await.findings;
    assert_eq!(findings[0].fault, Fault::ShippedMissing);
}

#[tokio::test]
async fn lines_that_are_deleted_after_six_years_are_no_fault() {
    let world = sealed().await;
    world.clock.advance(chrono::Duration::days(6 * 366));
    world.write_lines(UNION, 2).await;
    world.seal(UNION).await;
    let old = lines(&world).await;
    for id in &old[..6] {
        world.execute(&format!("delete from audit_events where id = '{id}'")).await;
    }
    let verified = world.verify(UNION, &[]).await;
    assert_eq!((verified.findings.len(), verified.expired, verified.lines), (0, 6, 8));
    let newest = old.last().unwrap();
    world.execute(&format!("delete from audit_events where id = '{newest}'")).await;
    let findings = world.verify(UNION, &[]).await.findings;
    assert_eq!(told(&findings), [(Fault::LineMissing, Some(4), Some(*newest))]);
}
