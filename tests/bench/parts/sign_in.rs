//! Sign-ins against bare argon2id on the same cores.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::support::files::{SUBSCRIBERS, user_id};
use crate::support::form::Form;
use crate::support::http::{Answer, CLIENTS, Connection, Rate, drive};
use crate::support::stage::{PASSWORD, Server, Stage, UNION};
use crate::support::table::Table;
use crate::tell;

const ROUNDS: usize = 4;
const ROUND: Duration = Duration::from_secs(4);
const WARM_UP: Duration = Duration::from_secs(1);

pub(crate) fn measure(stage: &Stage<'_>, server: &Server, table: &mut Table) -> anyhow::Result<()> {
    tell("sign-ins");
    // Each sign-in is of another person, so no throttle applies.
    let requests: Vec<Vec<String>> = (0..CLIENTS)
        .map(|client| {
            let form = Form::fetch(server, UNION, &mut Connection::open(server.address)?)?;
            let people = (client..SUBSCRIBERS).step_by(CLIENTS);
            let right = |person| form.right(server, &user_id(person), Ipv4Addr::LOCALHOST);
            Ok(people.map(right).collect())
        })
        .collect::<anyhow::Result<_>>()?;
    drive(server.address, &requests, WARM_UP, is_signed_in)?;
    // Autovacuum does this within a minute. Until then sessions and browsers count as none.
    stage.sql("vacuum analyze")?;
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

/// Returns true if the answer leads to the top page: nothing more is due.
pub(crate) fn is_signed_in(answer: &Answer<'_>) -> bool {
    answer.status == 303 && answer.header("location") == Some("/")
}

/// Hashes with the server's parameters, on one thread for each core, each with its own memory.
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
