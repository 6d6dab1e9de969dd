//! Sign-ins against bare argon2id on the same cores.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::files::{SUBSCRIBERS, user_id};
use crate::http::{Answer, CLIENTS, Connection, Rate, drive};
use crate::stage::{CLIENT_ADDRESS, PASSWORD, Server};
use crate::table::Table;
use crate::tell;

const ROUNDS: usize = 4;
const ROUND: Duration = Duration::from_secs(4);
const WARM_UP: Duration = Duration::from_secs(1);

/// The sign-in page's form, as one browser got it.
pub(crate) struct Form {
    pub(crate) visit: String,
    csrf: String,
}

impl Form {
    pub(crate) fn fetch(server: &Server, connection: &mut Connection) -> anyhow::Result<Self> {
        let request = format!("{}\r\n", server.request("GET /sign-in"));
        let page = connection.send(request.as_bytes())?;
        let visit = page.cookie("__Host-kosmo-visit").context("the page sets no visit")?;
        let csrf = std::str::from_utf8(page.body)?
            .split_once("name=\"csrf\" value=\"")
            .and_then(|(_, rest)| rest.split('"').next())
            .context("the page has no form")?;
        Ok(Self { visit: visit.to_owned(), csrf: csrf.to_owned() })
    }

    /// The form filled in and sent.
    pub(crate) fn request(&self, server: &Server, user_id: &str) -> String {
        self.post(server, user_id, PASSWORD, "127.0.0.1")
    }

    /// The form filled in wrongly, as from another place.
    pub(crate) fn wrong(&self, server: &Server, user_id: &str, place: &str) -> String {
        self.post(server, user_id, "chigau-2026", place)
    }

    fn post(&self, server: &Server, user_id: &str, password: &str, place: &str) -> String {
        let body = format!("csrf={}&user_id={user_id}&password={password}", self.csrf);
        format!(
            "{}Cookie: {}\r\n{CLIENT_ADDRESS}: {place}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            server.request("POST /sign-in"),
            self.visit,
            body.len(),
        )
    }
}

pub(crate) fn measure(server: &Server, table: &mut Table) -> anyhow::Result<()> {
    tell("sign-ins");
    let requests: Vec<String> = (0..CLIENTS)
        .map(|client| {
            let form = Form::fetch(server, &mut Connection::open(server.address)?)?;
            Ok(form.request(server, &user_id(client % SUBSCRIBERS)))
        })
        .collect::<anyhow::Result<_>>()?;
    drive(server.address, &requests, WARM_UP, is_signed_in)?;
    let (mut sign_ins, mut hashes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        sign_ins.push(drive(server.address, &requests, ROUND, is_signed_in)?);
        hashes.push(bare()?);
    }
    let (ours, against) = (Rate::best(&sign_ins), Rate::best(&hashes));
    table.ratio(
        "sign-ins",
        format!("{ours:.1} /s, {} errors", Rate::errors(&sign_ins)),
        format!("bare argon2id: {against:.1} /s"),
        ours / against,
        0.85,
    );
    Ok(())
}

/// On the way to the top page: nothing more is asked for.
fn is_signed_in(answer: &Answer<'_>) -> bool {
    answer.status == 303 && answer.header("location") == Some("/")
}

/// Hashes as the server's own parameters ask, on a thread a core with memory of its own.
fn bare() -> anyhow::Result<Rate> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(anyhow::Error::msg)?;
    let began = Instant::now();
    let hash = || {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let mut memory = vec![Block::new(); params.block_count()];
        let (password, salt, mut hash) = (PASSWORD.as_bytes(), [0; 16], [0; 32]);
        let mut done = 0;
        while began.elapsed() < ROUND {
            argon2
                .hash_password_into_with_memory(password, &salt, &mut hash, &mut memory)
                .map_err(anyhow::Error::msg)?;
            std::hint::black_box(&hash);
            done += 1;
        }
        anyhow::Ok(done)
    };
    let cores = std::thread::available_parallelism()?.get();
    let counts: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(hash)).collect();
        threads.into_iter().map(|thread| thread.join().expect("hashing does not panic")).collect()
    });
    let mut rate = Rate { took: began.elapsed(), ..Rate::default() };
    for count in counts {
        rate.done += count?;
    }
    Ok(rate)
}
