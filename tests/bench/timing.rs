//! Whether the time of an answer tells who has an account (L1): unknown, known and locked people, each
//! with a wrong password, in turn.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::files::{SUBSCRIBERS, user_id};
use crate::http::Connection;
use crate::meter::{median, ms};
use crate::sign_in::Form;
use crate::stage::{Server, Stage};
use crate::table::Table;
use crate::tell;

const TRIES: usize = 500;
/// Fewer a person than lock them.
const TRIES_UNTIL_FORGIVEN: usize = 50;
const KINDS: [&str; 3] = ["unknown", "known", "locked"];
/// How far the medians may lie apart.
const APART: f64 = 0.03;

pub(crate) fn measure(stage: &Stage<'_>, server: &Server, table: &mut Table) -> anyhow::Result<()> {
    tell("wrong sign-ins of unknown, known and locked people");
    let locked = user_id(0);
    stage.sql(&format!("update accounts set locked_at = now() where user_id = '{locked}'"))?;
    let mut connection = Connection::open(server.address)?;
    let form = Form::fetch(server, &mut connection)?;
    let mut took: [Vec<Duration>; 3] = Default::default();
    for number in 0..TRIES {
        if number % TRIES_UNTIL_FORGIVEN == 0 {
            stage.sql("update accounts set password_failures = 0")?;
        }
        let known = user_id(1 + number % (SUBSCRIBERS - 1));
        let ids = [format!("nobody{number}"), known, locked.clone()];
        // Whoever comes first after a pause finds colder caches.
        for kind in (0..KINDS.len()).map(|turn| (turn + number) % KINDS.len()) {
            let place = format!("10.{kind}.{}.{}", number / 250, number % 250 + 1);
            let request = form.wrong(server, &ids[kind], &place);
            let began = Instant::now();
            let answer = connection.send(request.as_bytes())?;
            took[kind].push(began.elapsed());
            ensure!(answer.status == 422, "{}: {}", KINDS[kind], answer.status);
        }
    }
    stage.sql("update accounts set locked_at = null, password_failures = 0")?;
    let [unknown, known, locked] = took.map(median);
    for (name, median) in [("known", known), ("locked", locked)] {
        let ratio = median.as_secs_f64() / unknown.as_secs_f64();
        table.figure(
            &format!("a wrong sign-in, {name} / unknown"),
            format!("{:.2} ms / {:.2} ms = {ratio:.3}", ms(median), ms(unknown)),
            "within 3%",
            (ratio - 1.0).abs() <= APART,
        );
    }
    Ok(())
}
