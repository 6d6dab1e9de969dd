//! A month of notice at the operator's terminal (O2): imported, checked, published, and withdrawn.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output, Stdio};

use kosmo::base::month::Month;
use kosmo::import::Counts;
use serde_json::{Value, json};

use crate::operator::said;
use crate::support::kills::killed_while_it_reads;
use crate::support::people::{EXPENSE_HEADINGS, TARO, file};
use crate::support::uke::{self, Claim, Uke};
use crate::support::world::World;

const UNPUBLISHED: &str = "2026年11月の通知は未公開です（kosmo expenses publish で公開します）";
const NOVEMBER: &str = "--tenant klinekenpo --notice 2026-11";
const CLAIMS: &str = "import --tenant klinekenpo --format uke --notice 2026-10 --yes";

/// Runs `kosmo expenses …`.
fn expenses(world: &World, line: &str) -> Output {
    let arguments: Vec<&str> = ["expenses"].into_iter().chain(line.split_whitespace()).collect();
    world.kosmo(&arguments)
}

/// Runs a command that has to succeed, and returns its output.
fn done(world: &World, line: &str) -> String {
    let output = expenses(world, line);
    assert!(output.status.success(), "{line}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command that has to fail, and returns its exit code and its message.
fn refused(world: &World, line: &str) -> (Option<i32>, String) {
    let output = expenses(world, line);
    assert!(!output.status.success(), "{line}: {}", said(&output));
    (output.status.code(), said(&output))
}

async fn rows(world: &World) -> i64 {
    world.count("select count(*) from expenses").await
}

/// Makes a claim of Taro's, and another that matches nobody.
fn two_claims() -> Vec<u8> {
    Uke::default()
        .clinic("1234567", "みなと病院")
        .claim(uke::TARO)
        .claim(Claim { number: "2", birthdate: "19790823", ..uke::TARO })
        .bytes()
}

#[tokio::test]
async fn o2_a_month_comes_in_is_looked_over_published_and_withdrawn() {
    let world = World::new().await;
    let mut taro = world.sign_in(TARO).await;
    let page = "/expenses/months/2026-11";
    let text = [
        "N1,K1,2026-11,2026-09,みなと病院,入院,3,60000,42000,0,18000,",
        "N2,K3,2026-11,2026-09,あおば薬局,調剤,1,1000,700,0,300,",
    ];
    let path = world.write("november.csv", file(EXPENSE_HEADINGS, &text));
    let import = format!("import --tenant klinekenpo {}", path.display());
    let told = done(&world, &format!("{import} --dry-run --json"));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((told["dry_run"].as_bool(), told["added"].as_i64()), (Some(true), Some(2)));
    assert_eq!(told["notes"], json!([UNPUBLISHED]));
    assert_eq!(rows(&world).await, 6);
    let told = done(&world, &import);
    assert!(told.contains("新規 2件") && told.contains(UNPUBLISHED), "{told}");
    assert!(taro.get(page).await.shows("該当するデータはありません。"), "not yet");

    let told = done(&world, "list --tenant klinekenpo");
    let lines: Vec<Vec<&str>> =
        told.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["通知月", "件数", "医療費総額", "自己負担額", "公開"]);
    assert_eq!(lines[1], ["2026-11", "2", "¥61,000", "¥18,300", "未公開"]);
    assert!(lines[4][..2] == ["2025-03", "3"] && told.matches("未公開").count() == 1, "{told}");
    let told = done(&world, &format!("publish {NOVEMBER} --no-mail"));
    assert!(told.contains("2026年11月の通知を公開しました（お知らせメール 0通）"), "{told}");
    assert_eq!(world.count("select count(*) from outbox where kind = 'expenses_updated'").await, 0);
    assert!(taro.get(page).await.shows("¥18,000"));
    let told = done(&world, "list --tenant klinekenpo --json");
    let months: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(months[0]["month"], "2026-11");
    assert_eq!((months[0]["rows"].as_i64(), months[3]["rows"].as_i64()), (Some(2), Some(3)));
    assert!(months[0]["published_at"].is_string(), "{months}");

    let dry = done(&world, &format!("withdraw {NOVEMBER} --dry-run"));
    assert!(dry.contains("2026年11月の通知には 2件あります（何も変えていません）"), "{dry}");
    assert!(taro.get(page).await.shows("¥18,000") && rows(&world).await == 8);
    let told = done(&world, &format!("withdraw {NOVEMBER} --yes"));
    assert!(told.contains("2026年11月の通知 2件を取り下げました"), "{told}");
    assert!(taro.get(page).await.shows("該当するデータはありません。"));
    for command in ["withdraw", "publish"] {
        let (code, told) = refused(&world, &format!("{command} {NOVEMBER}"));
        assert_eq!(code, Some(1), "{command}");
        assert!(told.contains("2026年11月の通知には医療費がありません"), "{told}");
    }
    let lines = "select count(*) from audit_events
                 where action in ('expenses.published', 'expenses.withdrawn')
                   and detail ->> 'month' = '2026-11'";
    assert_eq!(world.count(lines).await, 2);
}

#[tokio::test]
async fn m1_a_union_that_is_disabled_publishes_without_a_mail() {
    let world = World::new().await;
    let row = "N1,K3,2026-11,2026-09,あおば薬局,調剤,1,1000,700,0,300,";
    let text = file(EXPENSE_HEADINGS, &[row]);
    let path = world.write("november.csv", text.trim_end());
    let told = done(&world, &format!("import --tenant klinekenpo {}", path.display()));
    assert!(told.contains("最後の行に改行がありません"), "{told}");
    let disabled = world.kosmo(&["tenant", "disable", "klinekenpo", "--yes"]);
    assert!(disabled.status.success(), "{}", said(&disabled));
    let told = done(&world, &format!("publish {NOVEMBER}"));
    assert!(told.contains("2026年11月の通知を公開しました"), "{told}");
    assert!(told.contains("組合は停止中のため、メールは送りません"), "{told}");
    assert_eq!(world.count("select count(*) from outbox where kind = 'expenses_updated'").await, 0);
}

#[tokio::test]
async fn o2_what_makes_no_sense_is_refused() {
    let world = World::new().await;
    let path = world.write("empty.csv", file(EXPENSE_HEADINGS, &[]));
    let import = format!("import --tenant klinekenpo {}", path.display());
    for (more, code, words) in [
        ("--notice 2026-10", 1, "--format uke のときだけ使えます"),
        ("--unmatched-to unmatched.csv", 1, "--format uke のときだけ使えます"),
        ("--format uke", 2, "--notice"),
        ("--format uke --notice 2026-13", 2, "年月ではありません"),
        ("--format uke --notice 2026-10", 3, "1件もありません"),
    ] {
        let (refused_by, told) = refused(&world, &format!("{import} {more}"));
        assert_eq!(refused_by, Some(code), "{more}: {told}");
        assert!(told.contains(words), "{more}: {told}");
    }
    let (_, told) = refused(&world, "list --tenant nobody");
    assert!(told.contains("組合「nobody」は登録されていません"), "{told}");
    assert_eq!(rows(&world).await, 6);
}

#[tokio::test]
async fn o2_claims_without_a_person_go_into_a_new_file_for_its_owners_eyes() {
    let world = World::new().await;
    let claims = world.write("claims.uke", two_claims());
    let out = claims.with_file_name("unmatched.csv");
    let import = format!("{CLAIMS} {}", claims.display());
    let (code, told) = refused(&world, &import);
    assert_eq!(code, Some(3), "{told}");
    let line = "claims.uke: 5行目「UKE-202609-1-131234567-2」: 世帯に生年月日の合う人がいません";
    assert!(told.contains(line), "{told}");

    let import = format!("{import} --unmatched-to {}", out.display());
    let dry = done(&world, &format!("{import} --dry-run"));
    assert!(dry.contains("加入者が見つからない 1件"), "{dry}");
    assert!(dry.contains("何も変えていません") && !out.exists(), "{dry}");

    std::fs::write(&out, "mine").unwrap();
    let (_, told) = refused(&world, &import);
    assert!(told.contains("unmatched.csv") && told.contains("何も取り込んでいません"), "{told}");
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "mine", "nothing is written over");
    assert_eq!(rows(&world).await, 6, "and nothing came in");

    std::fs::remove_file(&out).unwrap();
    let told = done(&world, &import);
    assert!(told.contains("新規 1件") && told.contains("加入者が見つからない 1件"), "{told}");
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let left_out = std::fs::read_to_string(&out).unwrap();
    assert_eq!(left_out.lines().count(), 2, "{left_out}");
    assert!(left_out.contains("\nUKE-202609-1-131234567-2,,2026-10,2026-08,"), "{left_out}");
    assert_eq!(rows(&world).await, 7);
    // Once the person is filled in, they are imported like any other file.
    let completed = left_out.replace("-131234567-2,,", "-131234567-2,K1,");
    let imported = world.import_expenses("klinekenpo", &completed).await.unwrap();
    assert_eq!(imported.counts, Counts { added: 1, changed: 0, unchanged: 0 });
}

#[tokio::test]
async fn o2_claims_killed_half_way_leave_nothing() {
    let world = World::new().await;
    let mut claims = Uke::default().clinic("1234567", "みなと病院").bytes();
    let mut claim = Uke::default().claim(uke::TARO).bytes();
    for part in [&mut claims, &mut claim] {
        assert_eq!(part.pop(), Some(0x1a), "the mark that ends a file");
    }
    claims.extend(claim.repeat(200_000));
    let claims = world.write("large.uke", claims);
    let out = claims.with_file_name("unmatched.csv");
    let import = Command::new(env!("CARGO_BIN_EXE_kosmo"))
        .arg("expenses")
        .args(CLAIMS.split_whitespace())
        .arg("--unmatched-to")
        .args([&out, &claims])
        .env("KOSMO_DATABASE__URL", world.database.url())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    killed_while_it_reads(&world, import).await;
    assert!(rows(&world).await == 6 && !out.exists());
    assert_eq!(world.count("select count(*) from import_batches where kind = 'expenses'").await, 1);
    let one = Uke::default().clinic("1234567", "みなと病院").claim(uke::TARO).bytes();
    let october = Month::new(2026, 10).unwrap();
    let again = world.import_uke("klinekenpo", &one, october).await.unwrap();
    assert_eq!(again.counts.added, 1, "and hinders nobody");
}
