//! A file is first read and then merged, by any process. A process killed in between leaves nothing half-done (O2).

use std::collections::BTreeMap;
use std::io::Cursor;

use chrono::TimeDelta;
use kosmo::db::{Db, DbRole};
use kosmo::expenses::import::layout::ExpenseColumn;
use kosmo::expenses::import::{self as expenses, ExpensesImport, Format, Strangers};
use kosmo::import::layout::{FileColumn, Layout as _};
use kosmo::import::mapping::Mapping;
use kosmo::import::source::Source;
use kosmo::import::{ImportError, ImportRun, staged};
use kosmo::members::layout::MemberColumn;
use sqlx::Row as _;

use crate::support::imports::counts;
use crate::support::people::{self, EXPENSE_HEADINGS, MEMBER_HEADINGS};
use crate::support::world::{World, tester};

const UNION: &str = "klinekenpo";
const STAGED: [&str; 4] = ["staged_files", "staged_members", "staged_expenses", "staged_claims"];
const LAYOUTS: [(&str, &[FileColumn]); 2] =
    [("staged_members", MemberColumn::COLUMNS), ("staged_expenses", ExpenseColumn::COLUMNS)];

/// Counts the rows that wait to be merged, and the files that they belong to.
pub(crate) async fn staged_rows(world: &World) -> i64 {
    let mut rows = 0;
    for table in STAGED {
        rows += world.count(&format!("select count(*) from {table}")).await;
    }
    rows
}

pub(crate) fn many_expenses(first: usize, count: usize) -> String {
    let mut rows = format!("{EXPENSE_HEADINGS}\n");
    for number in first..first + count {
        rows.push_str(&format!("S{number},K1,2026-11,2026-09,病院,通院,1,1000,700,0,300,\n"));
    }
    rows
}

async fn stage(world: &World, db: &Db, file: &str) -> ImportRun {
    let run = world.run(false);
    let (mapping, source) = (Mapping::default(), source(file));
    ExpensesImport { run: &run, clock: &world.clock, format: Format::Csv(&mapping) }
        .stage(db, world.tenant(UNION), &tester(), &source, &mut |_| {})
        .await
        .unwrap();
    run
}

fn source(file: &str) -> Source {
    Source::new("expenses.csv", Cursor::new(file.as_bytes().to_vec())).unwrap()
}

#[tokio::test]
async fn o2_staging_tables_have_the_columns_of_their_layouts() {
    const OWN: [(&str, &str); 10] = [
        ("tenant_id", "uuid"),
        ("import_id", "uuid"),
        ("row", "bigint"),
        ("login_id", "uuid"),
        ("by_letter", "boolean"),
        ("initial_password_hash", "text"),
        ("household_code", "text"),
        ("former_household_code", "text"),
        ("former_notice_month", "date"),
        ("outcome", "text"),
    ];
    let world = World::empty().await;
    for (table, columns) in LAYOUTS {
        let found = sqlx::query(
            "select column_name::text, data_type::text from information_schema.columns
             where table_name = $1",
        )
        .bind(table)
        .fetch_all(&mut world.database.admin().await)
        .await
        .unwrap();
        let mut found: BTreeMap<String, String> =
            found.iter().map(|column| (column.get(0), column.get(1))).collect();
        for FileColumn { name, cell, .. } in columns {
            let stored = found.remove(*name);
            assert_eq!(stored.as_deref(), cell.sql(), "{table}.{name}");
        }
        for (name, sql) in found {
            assert!(OWN.contains(&(&name, &sql)), "{table}.{name} {sql} is no column of the file");
        }
    }
}

#[test]
fn o2_the_readme_has_the_columns_of_the_layouts() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let table: Vec<Vec<&str>> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| members |"))
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for (place, (name, columns)) in [0, 2].into_iter().zip(LAYOUTS) {
        let told: Vec<&str> = table
            .iter()
            .skip(2)
            .flat_map(|row| row[place].split(", "))
            .filter(|cell| !cell.is_empty())
            .collect();
        let known: Vec<String> =
            columns.iter().map(|column| format!("`{}` {}", column.name, column.heading)).collect();
        assert_eq!(told, known, "{name}");
        for column in columns {
            let cell = format!("`{}` {}", column.name, column.heading);
            let row =
                table.iter().find(|row| row[place].split(", ").any(|told| told == cell)).unwrap();
            let optional = row[place + 1].starts_with("optional");
            assert_eq!(optional, column.is_optional(), "{cell}: {}", row[place + 1]);
        }
    }
    for headings in [MEMBER_HEADINGS, EXPENSE_HEADINGS] {
        let known = |heading: &str| {
            LAYOUTS
                .iter()
                .any(|(_, columns)| columns.iter().any(|column| column.heading == heading))
        };
        assert!(headings.split(',').all(known), "{headings}");
    }
}

#[tokio::test]
async fn o2_what_one_process_reads_another_merges_once() {
    let world = World::new().await;
    let file = many_expenses(0, 9_000);
    let run = stage(&world, &world.operator, &file).await;
    assert_eq!(staged_rows(&world).await, 9_001);
    assert_eq!(world.count("select count(*) from expenses").await, 6, "nothing is merged yet");
    let elsewhere = Db::new(world.database.options.clone(), DbRole::Worker, 1);
    let mut others = elsewhere.tenant(world.tenant("jomkenpo"), &tester()).await.unwrap();
    let merged = expenses::merge(&mut others, &world.clock, &run, Strangers::Refused).await;
    assert!(matches!(merged, Err(ImportError::Forgotten)), "T15: it is another union's");
    drop(others);
    // A dry run leaves the staged file in place.
    for commits in [false, true] {
        let mut tx = elsewhere.tenant(world.tenant(UNION), &tester()).await.unwrap();
        let merged =
            expenses::merge(&mut tx, &world.clock, &run, Strangers::Refused).await.unwrap();
        assert_eq!(merged.counts, counts(9_000, 0, 0));
        assert_eq!((merged.sums.total.0, merged.sums.out_of_pocket.0), (9_000_000, 2_700_000));
        if commits {
            tx.commit().await.unwrap();
        }
    }
    assert_eq!(world.count("select count(*) from expenses").await, 9_006);
    assert_eq!(staged_rows(&world).await, 0);
    let mut tx = world.worker.tenant(world.tenant(UNION), &tester()).await.unwrap();
    let again = expenses::merge(&mut tx, &world.clock, &run, Strangers::Refused).await;
    assert!(matches!(again, Err(ImportError::Forgotten)));
}

#[tokio::test]
async fn o2_a_reading_that_ends_half_way_leaves_nothing_and_the_file_comes_in_later() {
    let world = World::new().await;
    let file = many_expenses(0, 20_000);
    let run = world.run(false);
    let (mapping, source, tenant) = (Mapping::default(), source(&file), world.tenant(UNION));
    let actor = tester();
    let (begun, mut first_batch) = tokio::sync::mpsc::channel(100);
    let mut progress = move |bytes| begun.try_send(bytes).unwrap();
    let import = ExpensesImport { run: &run, clock: &world.clock, format: Format::Csv(&mapping) };
    {
        let mut staging =
            Box::pin(import.stage(&world.operator, tenant, &actor, &source, &mut progress));
        tokio::select! {
            biased;
            bytes = first_batch.recv() => assert!(bytes.unwrap() < source.bytes),
            ended = &mut staging => panic!("it ended first: {ended:?}"),
        }
    }
    let imported = world.stage_expenses(UNION, &file).await.unwrap();
    assert_eq!(imported.counts, counts(20_000, 0, 0));
    assert_eq!(staged_rows(&world).await, 0);
}

#[tokio::test]
async fn o2_a_file_that_nobody_merges_is_swept() {
    let world = World::new().await;
    let tenant = world.tenant(UNION);
    stage(&world, &world.operator, &many_expenses(0, 100)).await;
    assert_eq!(staged_rows(&world).await, 101);
    let sweep = async || {
        let mut tx = world.worker.tenant(tenant, &tester()).await.unwrap();
        let more = staged::sweep(&mut tx, &world.clock).await.unwrap();
        tx.commit().await.unwrap();
        more
    };
    assert!(!sweep().await, "it may be merged yet");
    world.clock.advance(TimeDelta::days(2));
    assert!(sweep().await && !sweep().await);
    assert_eq!(staged_rows(&world).await, 0);
}

#[tokio::test]
async fn o2_files_of_one_union_and_of_two_come_in_at_the_same_time() {
    let world = World::new().await;
    let halves = [many_expenses(0, 6_000), many_expenses(6_000, 6_000)];
    let others = "O1,J1,2026-11,2026-09,病院,通院,1,1000,700,0,300,";
    let others = people::file(EXPENSE_HEADINGS, &[others]);
    let (one, other, of_another) = tokio::join!(
        world.stage_expenses(UNION, &halves[0]),
        world.stage_expenses(UNION, &halves[1]),
        world.stage_expenses("jomkenpo", &others),
    );
    assert_eq!(one.unwrap().counts, counts(6_000, 0, 0));
    assert_eq!(other.unwrap().counts, counts(6_000, 0, 0));
    assert_eq!(of_another.unwrap().counts, counts(1, 0, 0));
    assert_eq!(world.count("select count(*) from expenses").await, 12_007);
    assert_eq!(staged_rows(&world).await, 0);
    // The same claims are in two files; the second one changes nothing.
    let same = many_expenses(20_000, 5_000);
    let (one, other) =
        tokio::join!(world.stage_expenses(UNION, &same), world.stage_expenses(UNION, &same));
    let mut came_to = [one.unwrap().counts, other.unwrap().counts];
    came_to.sort_by_key(|counts| counts.added);
    assert_eq!(came_to, [counts(0, 0, 5_000), counts(5_000, 0, 0)]);
}
