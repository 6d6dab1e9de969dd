//! Files that a command imports at a terminal.

use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{command, err, kosmo, out, text};
use crate::support::kills::killed_while_it_reads;
use crate::support::people::{self, EXPENSE_HEADINGS};
use crate::support::world::World;

#[tokio::test]
async fn o2_imports_at_the_terminal() {
    let world = World::empty().await;
    let url = world.database.url();
    let members = world.write("members.csv", people::members("klinekenpo"));
    let mapping = world.write("columns.toml", "[columns]\nclaim_number = \"番号\"\n");
    let expenses = world.write("expenses.csv", people::expenses().replace("明細番号", "番号"));
    let import = |kind: &str, file: &Path, more: &[&str]| {
        let mut arguments = vec![kind, "import", "--tenant", "klinekenpo", text(file)];
        arguments.extend(more);
        kosmo(Some(&url), &arguments)
    };
    let output = import("members", &members, &["--dry-run"]);
    assert!(out(&output).contains("新規 3件") && out(&output).contains("何も変えていません"));
    assert!(import("members", &members, &[]).status.success());
    let output = import("members", &members, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&out(&output)).unwrap();
    assert_eq!((json["added"].as_i64(), json["unchanged"].as_i64()), (Some(0), Some(3)));

    let output = import("expenses", &expenses, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(err(&output).contains("見出し「明細番号」がありません"), "{}", err(&output));
    let output = import("expenses", &expenses, &["--columns", text(&mapping)]);
    let told = out(&output);
    assert!(
        told.contains("新規 6件") && told.contains("医療費総額 ¥819,890"),
        "{told}{}",
        err(&output)
    );

    let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode("[columns]\r\nclaim_number = \"番号\"\r\n");
    let with_bom = "\u{feff}[columns]\nclaim_number = \"番号\"\n";
    for mapping in [&cp932, with_bom.as_bytes()] {
        let mapping = world.write("columns.toml", mapping);
        let told = out(&import("expenses", &expenses, &["--columns", text(&mapping)]));
        assert!(told.contains("変更なし 6件"), "{told}");
    }

    let broken = world.write("broken.csv", people::expenses().replace(",2026-10,", ",2026-13,"));
    let output = import("expenses", &broken, &[]);
    assert_eq!(output.status.code(), Some(3));
    assert!(err(&output).contains("broken.csv: 5行目「通知年月」"), "{}", err(&output));
    assert!(err(&output).contains("何も取り込んでいません"));
    let output = kosmo(Some(&url), &["members", "import", "--tenant", "nobody", text(&members)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("組合「nobody」は登録されていません"));
}

#[tokio::test]
async fn o2_an_import_killed_half_way_leaves_nothing() {
    let world = World::new().await;
    let mut rows = format!("{EXPENSE_HEADINGS}\n");
    for number in 0..400_000 {
        rows.push_str(&format!("X{number},K1,2026-10,2026-08,病院,通院,1,1000,700,0,300,\n"));
    }
    let file = world.write("large.csv", rows);
    let url = world.database.url();
    let arguments = ["expenses", "import", "--yes", "--tenant", "klinekenpo", text(&file)];
    let import = command(Some(&url), &arguments).stderr(Stdio::null()).spawn().unwrap();
    killed_while_it_reads(&world, import).await;
    assert_eq!(world.count("select count(*) from expenses").await, 6);
    assert_eq!(world.count("select count(*) from import_batches where kind = 'expenses'").await, 1);
    let again = world.import_expenses("klinekenpo", &people::expenses()).await.unwrap();
    assert_eq!(again.counts.unchanged, 6, "and hinders nobody");
}

/// Runs a command that must end by itself; one that hangs is killed, and the test fails.
fn in_time(mut command: Command) -> Output {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("kosmo runs");
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn o2_a_pipe_in_a_files_place_is_refused_by_every_command_and_waited_for_by_none() {
    let world = World::empty().await;
    let url = world.database.url();
    let members = world.write("members.csv", people::members("klinekenpo"));
    let keys = world.write("keys", kosmo::base::sealed::Sealer::new_file());
    let pipe = world.write("x", "").with_file_name("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let (members, pipe) = (text(&members), text(&pipe));
    let refused = |command: Command, told: &str, code: i32| {
        let output = in_time(command);
        let both = format!("{}{}", out(&output), err(&output));
        assert_eq!(output.status.code(), Some(code), "{told}: {both}");
        assert!(both.contains("ファイルではなくパイプ（FIFO）です。"), "{told}: {both}");
    };
    for (arguments, code) in [
        ("members import --tenant klinekenpo PIPE", 1),
        ("members import --tenant klinekenpo MEMBERS --columns PIPE", 1),
        ("expenses import --tenant klinekenpo PIPE", 1),
        ("expenses import --tenant klinekenpo MEMBERS --columns PIPE", 1),
        ("expenses import --tenant klinekenpo --format uke --notice 2026-10 PIPE", 1),
        ("terms preview PIPE", 1),
        ("terms publish --platform --from 2099-01-01 PIPE", 1),
        ("tenant validate PIPE", 3),
        ("tenant plan PIPE", 3),
        ("tenant apply PIPE", 3),
    ] {
        let named = arguments.split(' ').map(|word| match word {
            "PIPE" => pipe,
            "MEMBERS" => members,
            word => word,
        });
        refused(command(Some(&url), &named.collect::<Vec<_>>()), arguments, code);
    }
    for (setting, value) in [
        ("KOSMO_SEALING__KEYS_FILE", pipe.to_owned()),
        ("KOSMO_DATABASE__URL_FILE", pipe.to_owned()),
        ("KOSMO_SIGNING__KEYS", format!("[{{tenant=\"klinekenpo\",file=\"{pipe}\"}}]")),
        ("KOSMO_PDF__FONTS", format!("[\"{pipe}\"]")),
    ] {
        let mut doctor = command(None, &["doctor"]);
        doctor
            .env("KOSMO_SEALING__KEYS_FILE", &keys)
            .env("KOSMO_MAIL__DIRECTORY", keys.with_file_name("mail"))
            .env("KOSMO_LISTEN", "127.0.0.1:0")
            .env(setting, value);
        refused(doctor, setting, 3);
    }
}
