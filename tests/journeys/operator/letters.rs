//! Letters between the job that makes them and the file that is printed (T9).

mod interrupted;

use std::path::Path;

use chrono::TimeDelta;
use kosmo::auth;
use kosmo::auth::credentials::letters::job::IssueLetters;
use kosmo::auth::credentials::letters::waiting::{self, SealedLetter};
use kosmo::auth::credentials::letters::{self, LetterRecipients, Prospect};
use kosmo::base::ids::IssueId;
use kosmo::base::sealed::{SealedError, Sealer};
use kosmo::jobs;
use kosmo::jobs::consent::Consent;
use kosmo::jobs::kind::Kinds;
use sqlx::Row as _;
use tokio_util::sync::CancellationToken;

use crate::jobs::errands::runner_of;
use crate::operator::said;
use crate::support::people::{MEMBER_HEADINGS, NANA, Person, file};
use crate::support::worker::letter_tools;
use crate::support::world::{World, tester};

const UNION: &str = "klinekenpo";
const WAITING: &str = "select count(*) from letters";

/// Brings in insured people without a user ID: X001, X002 and so on.
pub(crate) async fn newcomers(world: &World, union: &str, people: usize) {
    let insurer = if union == UNION { "06139927" } else { "06139935" };
    let row = |n| {
        format!(
            "X{n:03},X{n:03},{insurer},901,{n},00,海　新人,ウミ　シンジン,1988-08-08,本人,2026-04-01,,,,"
        )
    };
    let rows: Vec<String> = (1..=people).map(row).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    world.import_members(union, &file(MEMBER_HEADINGS, &rows)).await.unwrap();
}

/// Asks for letters as the command does.
async fn ask(world: &World, union: &str, whom: LetterRecipients) -> IssueId {
    let issue = IssueId::new(&world.clock);
    let mut tx = world.operator.tenant(world.tenant(union), &tester()).await.unwrap();
    let job = IssueLetters { issue, whom };
    jobs::enqueue(&mut tx, &world.clock, &job, None).await.unwrap();
    tx.commit().await.unwrap();
    issue
}

/// Asks for letters and lets a worker make them. No command takes them.
async fn make(world: &World, union: &str, whom: LetterRecipients) -> IssueId {
    let issue = ask(world, union, whom).await;
    let kinds = Kinds::new().with::<IssueLetters>(letter_tools(world.app.sealer.clone()));
    runner_of(world, kinds).await.drain(&CancellationToken::new()).await.unwrap();
    issue
}

/// Reads the letters of an issue that wait.
async fn read(world: &World, union: &str, issue: IssueId) -> Vec<SealedLetter> {
    let mut tx = world.operator.tenant(world.tenant(union), &tester()).await.unwrap();
    waiting::page(&mut tx, issue, None).await.unwrap()
}

/// Reads the only issue whose letters wait.
async fn waiting_issue(world: &World) -> IssueId {
    let query = "select distinct issue_id from letters";
    sqlx::query_scalar(query).fetch_one(&mut world.database.admin().await).await.unwrap()
}

/// Returns user ID and password of each line of a file.
fn printed(path: &Path) -> Vec<[String; 2]> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().skip(1).map(|line| line.split(',').map(str::to_owned));
    lines.map(|mut cells| [cells.nth(2).unwrap(), cells.next().unwrap()]).collect()
}

fn open(letters: Vec<SealedLetter>, world: &World) -> Vec<[String; 2]> {
    let open = |letter: SealedLetter| {
        let [_, _, user_id, password] = letter.open(&world.app.sealer).unwrap().cells();
        [user_id, password]
    };
    letters.into_iter().map(open).collect()
}

async fn signs_in(world: &World, union: &'static str, letter: &[String; 2]) -> bool {
    let [user_id, password] = letter.clone().map(|text| &*text.leak());
    let person = Person { union, user_id, password, email: "" };
    let page = world.give_password(&mut world.browser(union), person).await;
    let refused = page.shows("無効なユーザIDまたはパスワードです。");
    assert_ne!(page.location() == "/first-sign-in/birthdate", refused, "{}", page.text());
    !refused
}

/// Returns the tables in which a text stands, as text or as bytes.
async fn tables_with(world: &World, text: &str) -> Vec<String> {
    let mut admin = world.database.admin().await;
    let tables = sqlx::query(
        "select oid::regclass::text as name from pg_class
         where relkind in ('r', 'p') and not relispartition
           and relnamespace = 'public'::regnamespace",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    let bytes: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut found = Vec::new();
    for table in tables {
        let table: String = table.get("name");
        let query = format!(
            "select count(*) from {table} t where t::text like '%{text}%' or t::text like '%{bytes}%'"
        );
        if world.count(&query).await > 0 {
            found.push(table);
        }
    }
    found
}

#[tokio::test]
async fn t9_a_password_is_in_no_table_while_its_letter_waits_and_gone_once_it_is_printed() {
    let world = World::new().await;
    newcomers(&world, UNION, 2).await;
    let issue = make(&world, UNION, LetterRecipients::Newcomers).await;
    let letters = open(read(&world, UNION, issue).await, &world);
    assert_eq!((letters.len(), world.count(WAITING).await), (2, 2));
    let [user_id, password] = &letters[0];
    assert_eq!(tables_with(&world, user_id).await, ["logins"], "the search finds what is there");
    assert_eq!(tables_with(&world, password).await, Vec::<String>::new());

    let out = world.write("x", "").with_file_name("letters.csv");
    let issue = ["letters", "issue", "--tenant", UNION, "--out", out.to_str().unwrap()];
    let output = world.kosmo(&issue);
    assert!(said(&output).contains("2人分"), "{}", said(&output));
    assert_eq!(world.count(WAITING).await, 0);
    for letter in printed(&out) {
        assert!(signs_in(&world, UNION, &letter).await);
        assert_eq!(tables_with(&world, &letter[1]).await, Vec::<String>::new());
    }
    assert!(!signs_in(&world, UNION, &letters[0]).await, "nobody has ever printed this one");
    std::fs::remove_file(&out).unwrap();
    let again = world.kosmo(&issue);
    assert!(said(&again).contains("ファイルは作っていません"), "{}", said(&again));
}

#[tokio::test]
async fn t9_a_name_that_is_taken_is_refused_before_anything_is_asked_for() {
    let world = World::new().await;
    newcomers(&world, UNION, 1).await;
    let out = world.write("letters.csv", "older");
    let output =
        world.kosmo(&["letters", "issue", "--tenant", UNION, "--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "older");
    assert_eq!(world.count("select count(*) from jobs where kind = 'letters.issue'").await, 0);
}

#[tokio::test]
async fn t9_a_command_without_the_workers_key_makes_no_file() {
    let world = World::new().await;
    newcomers(&world, UNION, 1).await;
    let out = world.write("x", "").with_file_name("letters.csv");
    let issue = ["letters", "issue", "--tenant", UNION, "--out", out.to_str().unwrap()];
    world.start_worker();
    for (keys, told) in [
        (Sealer::new_file(), "封印された仮パスワードを開けません"),
        (Sealer::new_file().replacen('1', "another", 1), "封印の鍵「1」がありません"),
    ] {
        let keys = world.write("another.keys", keys);
        let output = world.command(&issue).env("KOSMO_SEALING__KEYS_FILE", keys).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains(told), "{}", said(&output));
        assert!(!out.exists());
    }
    let output = world.kosmo(&issue);
    assert!(said(&output).contains("1人分"), "{}", said(&output));
}

#[tokio::test]
async fn t15_a_sealed_password_opens_in_no_other_row_and_no_other_union() {
    let world = World::new().await;
    let mut issues = Vec::new();
    for union in [UNION, NANA.union] {
        newcomers(&world, union, 2).await;
        issues.push(make(&world, union, LetterRecipients::Newcomers).await);
    }
    let (tenant, other) = (world.tenant(UNION), world.tenant(NANA.union));
    assert_eq!(open(read(&world, UNION, issues[0]).await, &world).len(), 2);
    let first = async || {
        let letter = read(&world, UNION, issues[0]).await.swap_remove(0);
        assert_eq!(letter.member_code, "X001");
        letter.open(&world.app.sealer)
    };
    for stolen in [
        format!(
            "update letters l set password = o.password from letters o
             where l.tenant_id = '{tenant}' and l.member_code = 'X001'
               and o.tenant_id = '{tenant}' and o.member_code = 'X002'"
        ),
        // The letter itself, copied into another union.
        format!(
            "update letters l set id = o.id, password = o.password from letters o
             where l.tenant_id = '{tenant}' and l.member_code = 'X001'
               and o.tenant_id = '{other}' and o.member_code = 'X001'"
        ),
    ] {
        world.execute(&stolen).await;
        assert!(matches!(first().await, Err(SealedError::Altered)), "{stolen}");
    }
    assert_eq!(open(read(&world, NANA.union, issues[1]).await, &world).len(), 2);
    assert_eq!(read(&world, UNION, issues[1]).await.len(), 0, "another union's issue");
}

#[tokio::test]
async fn t9_a_sealed_password_is_swept_and_its_person_still_gets_a_letter() {
    let world = World::new().await;
    newcomers(&world, UNION, 1).await;
    let issue = make(&world, UNION, LetterRecipients::Newcomers).await;
    let sweep = async |days| {
        world.clock.advance(TimeDelta::days(days));
        let mut tx = world.worker.tenant(world.tenant(UNION), &tester()).await.unwrap();
        auth::housekeeping::sweep(&mut tx, &world.clock).await.unwrap();
        tx.commit().await.unwrap();
        read(&world, UNION, issue).await.len()
    };
    assert_eq!(sweep(13).await, 1);
    assert_eq!(sweep(2).await, 0);
    let mut tx = world.operator.tenant(world.tenant(UNION), &tester()).await.unwrap();
    let prospect = letters::prospect(&mut tx, None).await.unwrap();
    assert_eq!(prospect, Prospect { people: 1, holders: Vec::new() });
    drop(tx);
    let another = make(&world, UNION, LetterRecipients::Newcomers).await;
    let letters = open(read(&world, UNION, another).await, &world);
    assert!(signs_in(&world, UNION, &letters[0]).await);
}

#[tokio::test]
async fn t9_a_printed_letter_ends_with_the_operators_consent_alone() {
    let world = World::new().await;
    let whom = |ends| LetterRecipients::Members { codes: vec!["N1".to_owned()], ends };
    let nana = [NANA.user_id, NANA.password].map(str::to_owned);
    let mut tx = world.operator.tenant(world.tenant(NANA.union), &tester()).await.unwrap();
    let named = letters::prospect(&mut tx, Some(&["N1".to_owned()])).await.unwrap();
    drop(tx);
    assert_eq!(named, Prospect { people: 1, holders: vec!["N1".to_owned()] });
    // It was printed after the operator was asked.
    make(&world, NANA.union, whom(Consent::To(Vec::new()))).await;
    assert_eq!(world.count(WAITING).await, 0);
    assert!(signs_in(&world, NANA.union, &nana).await);
    let issue = make(&world, NANA.union, whom(Consent::To(named.holders))).await;
    assert!(!signs_in(&world, NANA.union, &nana).await);
    let newer = open(read(&world, NANA.union, issue).await, &world);
    assert!(signs_in(&world, NANA.union, &newer[0]).await);
}

#[tokio::test]
async fn t15_a_worker_reads_no_hash_and_an_operator_gives_no_credentials() {
    let world = World::new().await;
    let union = world.tenant(UNION);
    for (db, refused) in [
        (&world.worker, "select password_hash from logins"),
        (&world.worker, "select initial_password_hash from subscribers"),
        (&world.operator, "update subscribers set initial_password_hash = null"),
        (&world.operator, "update logins set password_hash = null, password_set_at = null"),
        (&world.operator, "insert into letters select * from letters"),
        (&world.operator, "delete from terms_agreements"),
    ] {
        let mut tx = db.tenant(union, &tester()).await.unwrap();
        let error = sqlx::query(refused).execute(tx.conn()).await.unwrap_err();
        let code = error.as_database_error().and_then(|error| error.code());
        assert_eq!(code.as_deref(), Some("42501"), "{refused}: {error}");
    }
}
