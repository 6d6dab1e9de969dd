//! The operator at a terminal, with the real program as a separate process.

mod imports;

use std::path::Path;
use std::process::{Command, Output};

use kosmo::base::sealed::Sealer;
use kosmo::tenant::file::EXAMPLE;

use crate::support::people::{self};
use crate::support::worker::BackgroundWorker;
use crate::support::world::World;

fn kosmo(url: Option<&str>, arguments: &[&str]) -> Output {
    let url_of_worker = url.filter(|_| BackgroundWorker::is_awaited_by(arguments));
    let _worker = url_of_worker.map(|url| {
        let sealer = Sealer::read(&Sealer::new_file()).expect("a key");
        BackgroundWorker::start(url.parse().expect("a URL"), sealer)
    });
    command(url, arguments).output().expect("kosmo runs")
}

fn command(url: Option<&str>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kosmo"));
    command.current_dir(std::env::temp_dir()).args(arguments).env_remove("KOSMO_DATABASE__URL");
    if let Some(url) = url {
        command.env("KOSMO_DATABASE__URL", url);
    }
    command
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[tokio::test]
async fn o1_validate_refuses_a_host_that_two_want_whatever_for() {
    let world = World::empty().await;
    let within = EXAMPLE.replace("\"example-console\"", "\"www.example\"");
    let output = kosmo(None, &["tenant", "validate", text(&world.write("one.toml", &within))]);
    assert_eq!(output.status.code(), Some(3));
    let line = within.lines().position(|line| line.starts_with("console = ")).unwrap() + 1;
    let words =
        format!("one.toml:{line}: hosts.console: 加入者のホスト名「www.example」と重なります");
    assert!(err(&output).contains(&words), "{}", err(&output));

    let first = world.write("first.toml", EXAMPLE);
    let second = EXAMPLE
        .replace("slug = \"example\"", "slug = \"second\"")
        .replace("canonical = \"example\"", "canonical = \"example-console\"")
        .replace("aliases = [\"www.example\"]", "aliases = []")
        .replace("console = \"example-console\"", "console = \"second-console\"");
    let line = second.lines().position(|line| line.starts_with("canonical = ")).unwrap() + 1;
    let second = world.write("second.toml", &second);
    let output = kosmo(None, &["tenant", "validate", text(&first), text(&second)]);
    assert_eq!(output.status.code(), Some(3));
    let words = "hosts.canonical: ホスト名「example-console」は組合「example」が使っています";
    assert!(err(&output).contains(&format!("second.toml:{line}: {words}")), "{}", err(&output));
    for alone in [first, second] {
        let output = kosmo(None, &["tenant", "validate", text(&alone)]);
        assert!(output.status.success(), "{}", err(&output));
    }
}

#[tokio::test]
async fn o1_validate_names_five_mistakes_with_their_lines_and_needs_no_database() {
    let world = World::empty().await;
    let broken = EXAMPLE
        .replace("min_length = 8", "min_lenght = 8")
        .replace("\"email_code\", \"totp\"", "\"email_code\", \"toptp\"")
        .replace("accent = \"#0b5cad\"", "accent = \"#ffee00\"")
        .replace("lock_after = 11", "lock_after = \"eleven\"")
        .replace("canonical = \"example\"", "canonical = \"Exa mple\"");
    let path = world.write("broken.toml", &broken);
    let output = kosmo(None, &["tenant", "validate", text(&path)]);
    assert_eq!(output.status.code(), Some(3));
    let told = err(&output);
    for setting in ["min_lenght = 8", "\"toptp\"", "#ffee00", "lock_after", "canonical"] {
        let line = broken.lines().position(|line| line.contains(setting)).unwrap() + 1;
        assert!(told.contains(&format!("broken.toml:{line}: ")), "{setting} {line}\n{told}");
    }
    assert!(told.contains("もしかして: min_length") && told.contains("もしかして: totp"));
    let output = kosmo(None, &["tenant", "validate", text(&world.write("right.toml", EXAMPLE))]);
    assert!(output.status.success() && out(&output).contains("問題ありません"));
    assert_eq!(err(&output), "");

    let ways = ["mail", "form_url", "phone", "hours"];
    let nowhere: Vec<&str> = EXAMPLE
        .lines()
        .filter(|line| !ways.iter().any(|way| line.starts_with(&format!("{way} = "))))
        .collect();
    let path = world.write("nowhere.toml", nowhere.join("\n"));
    let output = kosmo(None, &["tenant", "validate", text(&path)]);
    assert!(output.status.success(), "T7: no mistake: {}", err(&output));
    let caution = "contact: 組合に連絡する手段が1つもありません";
    assert!(err(&output).contains(&format!("nowhere.toml: 注意: {caution}")));
    let url = world.database.url();
    let plan = kosmo(Some(&url), &["tenant", "plan", text(&path)]);
    assert!(err(&plan).contains(&format!("nowhere.toml: 注意: {caution}")), "{}", err(&plan));
    let json = kosmo(None, &["tenant", "validate", "--json", text(&path)]);
    let json: serde_json::Value = serde_json::from_str(&out(&json)).unwrap();
    assert_eq!(json["problems"], serde_json::json!([]));
    assert_eq!(json["cautions"].as_array().unwrap().len(), 1, "{json}");
    assert!(json["cautions"][0]["message"].as_str().unwrap().starts_with(caution), "{json}");
    assert!(json["cautions"][0]["file"].as_str().unwrap().ends_with("nowhere.toml"), "{json}");
    let wrong = EXAMPLE.replace("phone = \"03-0000-0000\"", "phone = \"内線 12\"");
    let output = kosmo(None, &["tenant", "validate", text(&world.write("wrong.toml", wrong))]);
    assert!(err(&output).contains("contact.phone: 電話番号ではありません"), "{}", err(&output));
}

#[tokio::test]
async fn o1_files_that_are_missing_or_no_toml_are_told_among_the_others() {
    let world = World::empty().await;
    let broken = world.write("broken.toml", "\u{feff}slug\n");
    let right = world.write("right.toml", format!("\u{feff}{}", EXAMPLE.replace('\n', "\r\n")));
    let validate = |more: &[&str]| {
        let files = ["tenant", "validate", "/nosuch.toml", text(&broken), text(&right)];
        kosmo(None, &[&files[..], more].concat())
    };
    let output = validate(&[]);
    assert_eq!(output.status.code(), Some(3));
    let told = err(&output);
    assert!(told.contains("/nosuch.toml: ファイルまたはフォルダがありません"), "{told}");
    assert!(told.contains("broken.toml:1: TOMLとして読めません: 「=」と値がありません"), "{told}");
    assert!(told.contains("誤りが 2 件あります"), "{told}");
    let told: serde_json::Value = serde_json::from_str(&out(&validate(&["--json"]))).unwrap();
    assert_eq!(told["problems"][1]["line"], 1, "{told}");
    assert_eq!(told["cautions"], serde_json::json!([]));
}

#[test]
fn o5_a_database_that_is_down_is_told_with_the_way_to_mend_it() {
    let output = kosmo(Some("postgresql:///nosuch?host=/nonexistent"), &["tenant", "list"]);
    assert_eq!(output.status.code(), Some(1));
    let told = err(&output);
    for words in
        ["データベースに接続できません", "KOSMO_DATABASE__URL", "systemctl start", "kosmo doctor"]
    {
        assert_eq!(told.matches(words).count(), 1, "{words}: {told}");
    }
}

#[tokio::test]
async fn o1_a_union_can_be_named_once_for_all_commands() {
    let world = World::new().await;
    let url = world.database.url();
    let list = ["members", "list", "--json"];
    let output = command(Some(&url), &list).env("KOSMO_TENANT", "jrckenpo").output().unwrap();
    assert!(out(&output).contains("\"R1\""), "{}{}", out(&output), err(&output));
    let named = [&list[..], &["--tenant", "nideckenpo"]].concat();
    let output = command(Some(&url), &named).env("KOSMO_TENANT", "jrckenpo").output().unwrap();
    assert!(out(&output).contains("\"N1\""), "an argument counts for more");
    assert_eq!(kosmo(Some(&url), &list).status.code(), Some(2));
}

#[tokio::test]
async fn o1_a_sixth_union_from_file_to_rollback() {
    let world = World::empty().await;
    let url = world.database.url();
    let run = |arguments: &[&str]| {
        let output = kosmo(Some(&url), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", err(&output));
        out(&output)
    };
    let path = world.write("sixth.toml", EXAMPLE);
    assert!(run(&["tenant", "plan", text(&path)]).contains("新しい組合"));
    assert!(run(&["tenant", "apply", text(&path)]).contains("登録しました（版 1）"));
    assert!(run(&["tenant", "apply", text(&path)]).contains("変更なし"));
    assert!(run(&["tenant", "plan", text(&path)]).contains("変更なし"));

    let changed = EXAMPLE.replace("idle_minutes = 30", "idle_minutes = 15");
    let path = world.write("sixth.toml", &changed);
    let plan = run(&["tenant", "plan", text(&path)]);
    assert!(
        plan.contains("sign_in.idle_minutes: 30 → 15") && plan.contains("加入者 0人"),
        "{plan}"
    );
    assert!(run(&["tenant", "apply", "--note", "短くする", text(&path)]).contains("版 2"));
    assert!(run(&["tenant", "show", "example"]).contains("短くする"));

    let shown = run(&["tenant", "show", "example", "--toml"]);
    let shown = world.write("shown.toml", shown);
    assert!(run(&["tenant", "apply", text(&shown)]).contains("変更なし"));
    let json = run(&["tenant", "show", "example", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["sign_in"]["idle_minutes"], 15);

    assert!(run(&["tenant", "rollback", "example", "--yes"]).contains("版 1 に戻しました（版 3）"));
    assert!(run(&["tenant", "rollback", "example", "--to", "1"]).contains("変更なし"));
    let list = run(&["tenant", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 6);
    assert!(run(&["tenant", "list"]).contains("川崎汽船健康保険組合"));
}

#[tokio::test]
async fn o1_several_files_are_applied_together_or_not_at_all() {
    let world = World::empty().await;
    let url = world.database.url();
    let good = world.write("good.toml", EXAMPLE);
    let thief = EXAMPLE
        .replace("slug = \"example\"", "slug = \"thief\"")
        .replace("\"www.example\"", "\"www.thief\"")
        .replace("\"example-console\"", "\"thief-console\"")
        .replace("\"example\"  ", "\"jomkenpo\" ");
    let thief = world.write("thief.toml", &thief);
    let output = kosmo(Some(&url), &["tenant", "apply", text(&good), text(&thief)]);
    assert_eq!(output.status.code(), Some(1), "{}", out(&output));
    assert!(err(&output).contains("使っています"), "{}", err(&output));
    assert_eq!(world.count("select count(*) from tenants").await, 5);
}

#[tokio::test]
async fn o5_doctor_tells_what_is_wrong_and_how_to_mend_it() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let keys = world.write("doctor.keys", Sealer::new_file());
    let prepared = |url: &str| {
        let mut doctor = command(Some(url), &["doctor"]);
        doctor
            .env("KOSMO_MAIL__DIRECTORY", folder.path().join("mail"))
            .env("KOSMO_SEALING__KEYS_FILE", &keys)
            .env("KOSMO_LISTEN", "127.0.0.1:0");
        doctor
    };
    let doctor = |url: &str| prepared(url).output().unwrap();
    let healthy = doctor(&world.database.url());
    assert!(healthy.status.success(), "{}", out(&healthy));
    assert!(out(&healthy).contains("○ 行レベルセキュリティ") && out(&healthy).contains("5組合"));
    let missing = doctor("postgresql:///nosuch?host=/nonexistent");
    assert_eq!(missing.status.code(), Some(3));
    for words in ["× データベース: データベースに接続できません", "systemctl start postgresql"]
    {
        assert!(out(&missing).contains(words), "{}", out(&missing));
    }
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = elsewhere.local_addr().unwrap().to_string();
    for (variable, value, told) in [
        (
            "KOSMO_SEALING__KEYS_FILE",
            "/nonexistent",
            "（/nonexistent）を読めません: ファイルまたは",
        ),
        ("KOSMO_LISTEN", taken.as_str(), "× 待ち受けるアドレス: "),
        ("KOSMO_LOG__FILTER", "=x=", "× ログの設定: 設定の log.filter の「=x=」を読めません（例: "),
    ] {
        let output = prepared(&world.database.url()).env(variable, value).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{variable}: {}", out(&output));
        assert!(out(&output).contains(told), "{variable}: {}", out(&output));
    }

    world.give_password(&mut world.browser("klinekenpo"), people::TARO).await;
    sqlx::query("update outbox set state = 'dead'")
        .execute(&mut world.database.admin().await)
        .await
        .unwrap();
    let sick = doctor(&world.database.url());
    assert_eq!(sick.status.code(), Some(3));
    assert!(out(&sick).contains("klinekenpo: 送れなかったもの 1件"), "{}", out(&sick));
}

#[test]
fn o5_settings_that_are_wrong_are_told_by_name_and_source() {
    let output = command(None, &["serve"]).env("KOSMO_LISTEN", "everywhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("LISTEN") && err(&output).contains("KOSMO_"), "{}", err(&output));
    let output = kosmo(None, &["serve"]);
    assert!(err(&output).contains("KOSMO_DATABASE__URL"), "{}", err(&output));
    let output = kosmo(None, &["completions", "bash"]);
    assert!(out(&output).contains("_kosmo"));
    assert_eq!(kosmo(None, &["no-such-command"]).status.code(), Some(2));
}
