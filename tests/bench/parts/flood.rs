//! One union's flood leaves the latency of others alone. While a union gets more requests than the machine
//! can handle, this measures how long a neighbour's pages and sign-ins take, and whether any is refused.
//!
//! The flood runs on the same cores as the server. Its threads mostly wait, and when they run, they let all
//! others go first (a niceness of 12): the server, the database and the measuring threads. So the measured
//! requests wait for the server, and not for the flood's client. On more cores the flood would be larger.

use std::collections::BTreeMap;
use std::io;
use std::iter::repeat_n;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::Builder;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::parts::sign_in::is_signed_in;
use crate::support::files::{NEIGHBOURS, SUBSCRIBERS, email, user_id};
use crate::support::form::{Form, new_place};
use crate::support::http::{Answer, Connection};
use crate::support::meter::{let_others_go_first, ms, percentile};
use crate::support::stage::{MAILING_UNION, NEIGHBOUR, Server, Stage, UNION};
use crate::support::table::{Table, aim};
use crate::tell;

pub(crate) const HEADINGS: [&str; 7] =
    ["a union's flood", "page p50", "page p99", "sign-in p50", "sign-in p99", "refused", "aim"];

const WARM_UP: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(8);
/// The connections that ask for the neighbour's page, and the interval of each.
const PAGE_CLIENTS: u32 = 2;
const PAGE_EVERY: Duration = Duration::from_millis(25);
const SIGN_IN_EVERY: Duration = Duration::from_millis(500);
/// The slowest pages may be slower by this factor than without a flood.
const SLOWER: f64 = 1.5;
/// A flood's thread needs little stack.
const STACK: usize = 128 * 1024;
/// After a connection broke, its client waits this long before it opens another.
const PAUSE: Duration = Duration::from_millis(50);
/// The address of all people in one office.
const OFFICE: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 7);
/// Removes what the load before has left behind.
const LIFT: &str = "delete from throttles;
                    update logins set locked_at = null, password_failures = 0";

/// The request that the clients of a flood repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The sign-in page.
    Page,
    /// A wrong sign-in, each from a new address; every other one is for an existing user ID.
    Wrong,
    /// A right sign-in; each client is another person in one office.
    Right,
    /// A mailed code; all clients are one person, with the right password.
    Code,
}

struct Load {
    name: &'static str,
    clients: usize,
    asks: Asks,
}

const LOADS: [Load; 6] = [
    Load { name: "nothing", clients: 0, asks: Asks::Page },
    Load { name: "120 busy", clients: 120, asks: Asks::Page },
    Load { name: "24 wrong", clients: 24, asks: Asks::Wrong },
    Load { name: "120 wrong", clients: 120, asks: Asks::Wrong },
    Load { name: "60 right", clients: 60, asks: Asks::Right },
    Load { name: "codes", clients: 10, asks: Asks::Code },
];

/// The times for which the neighbour's people waited.
#[derive(Default)]
struct Waits {
    took: Vec<Duration>,
    /// Answers of 429 or 503, and broken connections.
    refused: usize,
}

/// The time in which the neighbour is measured.
#[derive(Clone, Copy)]
struct Span {
    from: Instant,
    until: Instant,
}

/// Fills `floods`, and reports in `table` what a flood of codes leaves behind.
pub(crate) fn measure(
    stage: &Stage<'_>,
    server: &Server,
    table: &mut Table,
    floods: &mut Table,
) -> anyhow::Result<()> {
    let mut quiet = None;
    for load in &LOADS {
        tell(&format!("the neighbour's latency beside: {}", load.name));
        stage.sql(LIFT)?;
        let (pages, sign_ins) = load.measure(server)?;
        let p99 = percentile(&pages.took, 99).map_or(f64::INFINITY, ms);
        let quiet = *quiet.get_or_insert(p99);
        let aim = match load.clients {
            0 => "-".to_owned(),
            _ => {
                let refused = pages.refused + sign_ins.refused;
                let met = p99 <= quiet * SLOWER && refused == 0 && !sign_ins.took.is_empty();
                aim(&format!("page p99 <= {:.1} ms, none refused", quiet * SLOWER), met)
            }
        };
        let mut cells = vec![load.name.to_owned()];
        for took in [&pages.took, &sign_ins.took] {
            cells.extend([50, 99].map(|percent| told(percentile(took, percent))));
        }
        cells.extend([refusals(&pages, &sign_ins), aim]);
        floods.line(cells);
        if load.asks == Asks::Code {
            let left = stage.sql(&left_behind())?;
            table.plain("one person's right password in a flood", left, "-".to_owned());
        }
    }
    stage.sql(LIFT).map(drop)
}

fn told(took: Option<Duration>) -> String {
    took.map_or_else(|| "-".to_owned(), |took| format!("{:.1} ms", ms(took)))
}

fn refusals(pages: &Waits, sign_ins: &Waits) -> String {
    let of = |waits: &Waits| format!("{} of {}", waits.refused, waits.refused + waits.took.len());
    match pages.refused {
        0 => of(sign_ins),
        _ => format!("{}, pages {}", of(sign_ins), of(pages)),
    }
}

/// Reports the sessions and codes of the one person who asked for them.
fn left_behind() -> String {
    let (user_id, email) = (user_id(0), email(0));
    format!(
        "select format('%s sessions living, %s codes queued',
            (select count(*) from sessions s
             join logins a on a.tenant_id = s.tenant_id and a.id = s.login_id
             where s.tenant_id = t.id and a.user_id = '{user_id}' and s.ended_at is null),
            (select count(*) from outbox o
             where o.tenant_id = t.id and o.recipient = '{email}' and o.kind = 'email_code'
               and o.state = 'queued'))
         from tenants t where t.slug = '{MAILING_UNION}'"
    )
}

impl Load {
    /// Floods one union while it asks for a neighbour's pages and signs in there.
    fn measure(&self, server: &Server) -> anyhow::Result<(Waits, Waits)> {
        let address = server.address;
        let flooded = if self.asks == Asks::Code { MAILING_UNION } else { UNION };
        let forms = visits(server, flooded, self.clients)?;
        let page = format!("{}\r\n", server.request(NEIGHBOUR, "GET /sign-in"));
        let sign_ins: Vec<String> = visits(server, NEIGHBOUR, turns(SIGN_IN_EVERY))?
            .iter()
            .enumerate()
            .map(|(turn, form)| form.right(server, &user_id(turn % NEIGHBOURS), new_place()))
            .collect();
        let from = Instant::now() + WARM_UP;
        let span = Span { from, until: from + TIME };
        std::thread::scope(|scope| -> anyhow::Result<(Waits, Waits)> {
            let flood = forms.iter().enumerate().map(|(client, form)| {
                let client = move || self.ask_on(server, client, form, span.until);
                Builder::new().stack_size(STACK).spawn_scoped(scope, client)
            });
            let flood = flood.collect::<io::Result<Vec<_>>>()?;
            let readers: Vec<_> = (0..PAGE_CLIENTS)
                .map(|client| {
                    let from = span.from + PAGE_EVERY * client / PAGE_CLIENTS;
                    let pages = repeat_n(page.clone(), turns(PAGE_EVERY));
                    let span = Span { from, ..span };
                    scope.spawn(move || pace(address, span, PAGE_EVERY, pages, is_page))
                })
                .collect();
            let signer =
                scope.spawn(move || pace(address, span, SIGN_IN_EVERY, sign_ins, is_signed_in));
            let mut pages = Waits::default();
            for reader in readers {
                let Waits { took, refused } = reader.join().expect("a reader does not panic")?;
                pages.took.extend(took);
                pages.refused += refused;
            }
            let sign_ins = signer.join().expect("a sign-in does not panic")?;
            let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
            for client in flood {
                for (status, count) in client.join().expect("a client does not panic")? {
                    *answers.entry(status).or_default() += count;
                }
            }
            tell(&format!("the flood's answers by status, 0 for none: {answers:?}"));
            Ok((pages, sign_ins))
        })
    }

    /// Asks again as soon as an answer arrives. Returns how many arrived, by status.
    fn ask_on(
        &self,
        server: &Server,
        client: usize,
        form: &Form,
        until: Instant,
    ) -> io::Result<BTreeMap<u16, usize>> {
        let_others_go_first();
        let mut answers: BTreeMap<u16, usize> = BTreeMap::new();
        let mut connection = Connection::open(server.address)?;
        while Instant::now() < until {
            let request = self.asks.request(server, client, form);
            let status = connection.send(request.as_bytes()).map(|answer| answer.status);
            *answers.entry(*status.as_ref().unwrap_or(&0)).or_default() += 1;
            if status.is_err() {
                std::thread::sleep(PAUSE);
                connection = Connection::open(server.address)?;
            }
        }
        Ok(answers)
    }
}

impl Asks {
    fn request(self, server: &Server, client: usize, form: &Form) -> String {
        match self {
            Self::Page => format!("{}\r\n", server.request(UNION, "GET /sign-in")),
            Self::Wrong => form.wrong(server, &somebody_or_nobody()),
            Self::Right => form.right(server, &user_id(client % SUBSCRIBERS), OFFICE),
            Self::Code => form.right(server, &user_id(0), OFFICE),
        }
    }
}

/// Returns user IDs in turn: one that doesn't exist, then one of all people, who get too few tries
/// to be locked.
fn somebody_or_nobody() -> String {
    static TRIED: AtomicUsize = AtomicUsize::new(0);
    let number = TRIED.fetch_add(1, Ordering::Relaxed);
    match number % 2 {
        0 => format!("nobody{number}"),
        _ => user_id(number / 2 % SUBSCRIBERS),
    }
}

/// Returns browsers that have opened a union's sign-in page.
fn visits(server: &Server, union: &'static str, count: usize) -> anyhow::Result<Vec<Form>> {
    let mut connection = Connection::open(server.address)?;
    (0..count).map(|_| Form::fetch(server, union, &mut connection)).collect()
}

/// Returns how often something at these intervals is done.
fn turns(every: Duration) -> usize {
    (TIME.as_millis() / every.as_millis()) as usize
}

/// Sends requests at a steady pace. A request that had to wait for the answer before counts from when
/// it was due: a server that stalls for a second delays everything that came in that second.
fn pace(
    address: SocketAddr,
    span: Span,
    every: Duration,
    requests: impl IntoIterator<Item = String>,
    is_right: fn(&Answer<'_>) -> bool,
) -> anyhow::Result<Waits> {
    let mut waits = Waits::default();
    let mut connection = Connection::open(address)?;
    for (turn, request) in (0_u32..).zip(requests) {
        let began = wait_until(span.from + every * turn);
        if Instant::now() >= span.until {
            break;
        }
        let answer = connection.send(request.as_bytes());
        match answer.map(|answer| (answer.status, is_right(&answer))) {
            Ok((_, true)) => waits.took.push(began.elapsed()),
            Ok((429 | 503, _)) => waits.refused += 1,
            Ok((status, _)) => bail!("the neighbour's answer was {status}"),
            Err(_) => {
                waits.refused += 1;
                connection = Connection::open(address)?;
            }
        }
    }
    Ok(waits)
}

/// Waits until a request is due, and returns its start: now, or its due time if that has passed.
fn wait_until(due: Instant) -> Instant {
    match due.checked_duration_since(Instant::now()) {
        Some(left) => {
            std::thread::sleep(left);
            Instant::now()
        }
        None => due,
    }
}

fn is_page(answer: &Answer<'_>) -> bool {
    answer.status == 200
}
