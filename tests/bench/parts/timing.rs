//! The time of an answer must not tell who has an account. This compares wrong sign-ins of unknown, known
//! and locked people (L1), and the answers to known and unknown people who forgot their password or user
//! ID (R1, R2).

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::support::files::{SUBSCRIBERS, birthdate, email, user_id};
use crate::support::form::{Form, new_place};
use crate::support::http::Connection;
use crate::support::meter::{median, ms};
use crate::support::stage::{Server, Stage, UNION};
use crate::support::table::Table;
use crate::tell;

const SIGN_INS: usize = 500;
const RECOVERIES: usize = 1_000;
/// The number of people whose passwords are tried.
const TRIED: usize = 8;
/// Few enough tries for each person that none is locked, or has asked for too many mails. The number is
/// odd, so that after each pause another kind of request comes first.
const TRIES_UNTIL_FORGIVEN: usize = 51;
/// This also removes mails, as a worker would.
const FORGIVE: &str =
    "update logins set password_failures = 0; delete from throttles; delete from outbox";
/// The number of tries before measuring starts.
const WARM_UP: usize = 102;

pub(crate) fn measure(stage: &Stage<'_>, server: &Server, table: &mut Table) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.address)?;
    let form = Form::fetch(server, UNION, &mut connection)?;
    let mut asking = Asking { stage, connection };

    tell("wrong sign-ins of unknown, known and locked people");
    let locked = user_id(0);
    stage.sql(&format!("update logins set locked_at = now() where user_id = '{locked}'"))?;
    let [unknown, known, locked] = asking.take_turns(SIGN_INS, 422, |number| {
        let known = user_id(1 + number % (TRIED - 1));
        [nobody(number), known, locked.clone()].map(|user_id| form.wrong(server, &user_id))
    })?;
    stage.sql("update logins set locked_at = null")?;
    stage.sql(FORGIVE)?;
    compare(table, "a wrong sign-in", 3, unknown, [("known", known), ("locked", locked)]);

    tell("forgotten passwords of unknown and known people");
    let [unknown, known] = asking.take_turns(RECOVERIES, 200, |number| {
        [nobody(number), user_id(number % SUBSCRIBERS)].map(|user_id| {
            form.post(server, "/forgotten-password", &[("user_id", user_id.as_str())], new_place())
        })
    })?;
    compare(table, "a forgotten password", 2, unknown, [("known", known)]);

    tell("forgotten user IDs of unknown and known people");
    let [unknown, known] = asking.take_turns(RECOVERIES, 200, |number| {
        let known = number % SUBSCRIBERS;
        let birthdate = birthdate(known).replace('-', "");
        [format!("{}@example.jp", nobody(number)), email(known)].map(|email| {
            let fields = [("birthdate", birthdate.as_str()), ("email", email.as_str())];
            form.post(server, "/forgotten-user-id", &fields, new_place())
        })
    })?;
    compare(table, "a forgotten user ID", 2, unknown, [("known", known)]);
    stage.sql(FORGIVE).map(drop)
}

/// Returns an unknown user ID as long as a known one, so that pages that repeat it are as long too.
fn nobody(number: usize) -> String {
    format!("nobod{number:04}")
}

struct Asking<'s> {
    stage: &'s Stage<'s>,
    connection: Connection,
}

impl Asking<'_> {
    /// Returns the median time of each kind of request. The kinds take turns, and each comes first equally
    /// often: the first one after a pause finds colder caches.
    fn take_turns<const KINDS: usize>(
        &mut self,
        tries: usize,
        expected: u16,
        requests: impl Fn(usize) -> [String; KINDS],
    ) -> anyhow::Result<[Duration; KINDS]> {
        let mut took: [Vec<Duration>; KINDS] = std::array::from_fn(|_| Vec::new());
        for number in 0..WARM_UP + tries {
            if number == WARM_UP {
                // The database must plan for tables as they are after a while, and not for empty
                // ones.
                self.stage.sql("vacuum analyze")?;
                took.iter_mut().for_each(Vec::clear);
            }
            if number.is_multiple_of(TRIES_UNTIL_FORGIVEN) {
                self.stage.sql(FORGIVE)?;
            }
            let requests = requests(number);
            for kind in (0..KINDS).map(|turn| (turn + number) % KINDS) {
                let began = Instant::now();
                let answer = self.connection.send(requests[kind].as_bytes())?;
                took[kind].push(began.elapsed());
                ensure!(answer.status == expected, "kind {kind}: {}", answer.status);
            }
        }
        Ok(took.map(median))
    }
}

/// Compares each kind with the unknown one; they may differ by a few percent.
fn compare<const KINDS: usize>(
    table: &mut Table,
    what: &str,
    percent: u8,
    unknown: Duration,
    others: [(&str, Duration); KINDS],
) {
    for (name, median) in others {
        let ratio = median.as_secs_f64() / unknown.as_secs_f64();
        table.figure(
            &format!("{what}, {name} / unknown"),
            format!("{:.2} ms / {:.2} ms = {ratio:.3}", ms(median), ms(unknown)),
            &format!("within {percent}%"),
            (ratio - 1.0).abs() * 100.0 <= f64::from(percent),
        );
    }
}
