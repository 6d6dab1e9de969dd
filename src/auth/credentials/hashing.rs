//! Argon2id on a bounded pool of threads.
//!
//! A hash takes 19 MiB and about 15 ms. There is one thread for each core, and each thread reuses its own memory, so the
//! pool makes as many hashes as the cores can and never takes more memory. Work on passwords needs a turn, and turns are
//! given fairly to unions and their people ([`FairQueue`]). If the queue is full, the caller is told after half a second
//! to come again, so that the server does not drown in waiting requests. The threads run at a lower priority than those
//! that answer pages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

use crate::base::fair::{Admission, FairQueue, Full};
use crate::base::ids::TenantId;
use crate::config::HashingSettings;
use crate::db::Passing;

/// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;
/// A hash takes about this long.
const PATIENCE: Duration = Duration::from_millis(20);
#[cfg(target_os = "linux")]
const NICENESS: libc::c_int = 5;
/// A refusal is answered after this long, since programs that ask again at once would keep the server busy with refusals.
const REFUSED_AFTER: Duration = Duration::from_millis(500);
/// Turns for each thread: while one hashes, others wait for the database before and after their hash.
const TURNS_PER_THREAD: usize = 3;

/// Hashes and checks passwords. A request takes a turn first, so that the work stays bounded.
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    jobs: Sender<HashingJob>,
    turns: FairQueue,
    /// The hash that is checked if there is no such user, so that the answer takes as long.
    dummy: Arc<str>,
}

#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// No more may wait; try again in a second.
    #[error("password hashing is busy")]
    Busy,
    #[error("password hashing has stopped")]
    Stopped,
    #[error("a stored password hash can't be read")]
    Unreadable,
}

impl Passing for HashingError {
    fn is_passing(&self) -> bool {
        matches!(self, Self::Busy)
    }
}

/// A turn to have passwords hashed. It ends when it is dropped.
#[derive(Debug)]
pub struct HashingTurn<'h> {
    hasher: &'h PasswordHasher,
    admission: Arc<Admission>,
}

struct HashingJob {
    work: Box<Work>,
    /// The turn lasts until the work ends, even if the request that waited for it is gone.
    _admission: Arc<Admission>,
}

/// Work that may use the thread's own memory.
type Work = dyn FnOnce(&mut Vec<Block>) + Send;

/// A hash in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
struct PhcHash {
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl PasswordHasher {
    /// Starts the threads.
    #[must_use]
    pub fn new(settings: &HashingSettings) -> Self {
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        // The channel never holds more jobs than there are turns.
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || {
                    give_way();
                    work(&queue);
                })
                .expect("a thread can be started");
        }
        let salt = [0; SALT_LENGTH];
        let dummy = encode(&salt, &[0; HASH_LENGTH]).into();
        let turns = FairQueue::new(threads * TURNS_PER_THREAD, settings.queue);
        Self { jobs, turns, dummy }
    }

    /// Waits for a turn. `who` is the address of a person who is not signed in, or the user ID of one who is.
    ///
    /// # Errors
    /// [`HashingError::Busy`].
    pub async fn turn(&self, union: TenantId, who: &str) -> Result<HashingTurn<'_>, HashingError> {
        match self.turns.enter(union, who).await {
            Ok(admission) => Ok(HashingTurn { hasher: self, admission: Arc::new(admission) }),
            Err(Full) => {
                tokio::time::sleep(REFUSED_AFTER).await;
                Err(HashingError::Busy)
            }
        }
    }

    /// Hashes a password for an operator's command or a job: while the queue is full, it tries again.
    ///
    /// # Errors
    /// [`HashingError::Stopped`].
    pub async fn hash_patiently(
        &self,
        union: TenantId,
        password: &SecretString,
    ) -> Result<String, HashingError> {
        loop {
            match self.turn(union, "").await {
                Ok(turn) => return turn.hash(password).await,
                Err(_) => tokio::time::sleep(PATIENCE).await,
            }
        }
    }
}

impl HashingTurn<'_> {
    /// Hashes a password with a fresh salt.
    ///
    /// # Errors
    /// [`HashingError::Stopped`].
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashingError> {
        let password = password.clone();
        let work = move |memory: &mut Vec<Block>| {
            let salt: [u8; SALT_LENGTH] = rand::random();
            let hash = compute(&password, &salt, &params(), HASH_LENGTH, memory)?;
            Some(encode(&salt, &hash))
        };
        self.with_memory(work).await?.ok_or(HashingError::Stopped)
    }

    /// Returns true if the password is the one behind `stored`. None takes as long, and the answer is false.
    ///
    /// # Errors
    /// [`HashingError::Stopped`], [`HashingError::Unreadable`].
    pub async fn verify(
        &self,
        password: &SecretString,
        stored: Option<&str>,
    ) -> Result<bool, HashingError> {
        let parsed =
            PhcHash::parse(stored.unwrap_or(&self.hasher.dummy)).ok_or(HashingError::Unreadable)?;
        let password = password.clone();
        let work = move |memory: &mut Vec<Block>| {
            let length = parsed.hash.len();
            let hash = compute(&password, &parsed.salt, &parsed.params, length, memory);
            hash.is_some_and(|hash| hash.ct_eq(&parsed.hash).into())
        };
        Ok(self.with_memory(work).await? && stored.is_some())
    }

    /// Does other slow work on passwords within the same bounds.
    ///
    /// # Errors
    /// [`HashingError::Stopped`].
    pub async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        self.with_memory(move |_| work()).await
    }

    async fn with_memory<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, HashingError> {
        let (answer, waiting) = oneshot::channel();
        let work = Box::new(move |memory: &mut Vec<Block>| drop(answer.send(work(memory))));
        let job = HashingJob { work, _admission: self.admission.clone() };
        self.hasher.jobs.send(job).map_err(|_| HashingError::Stopped)?;
        waiting.await.map_err(|_| HashingError::Stopped)
    }

    /// Hashes texts with one salt, slowly.
    ///
    /// # Errors
    /// [`HashingError::Stopped`], [`HashingError::Unreadable`].
    pub async fn digest(
        &self,
        salt: Vec<u8>,
        texts: Vec<String>,
    ) -> Result<Vec<Vec<u8>>, HashingError> {
        let work = move |memory: &mut Vec<Block>| {
            let one = |text: String| compute(&text.into(), &salt, &params(), HASH_LENGTH, memory);
            texts.into_iter().map(one).collect::<Option<Vec<_>>>()
        };
        self.with_memory(work).await?.ok_or(HashingError::Unreadable)
    }
}

/// Lowers this thread's priority below that of the threads that answer pages. Only Linux has a niceness for each thread;
/// if the system refuses, all threads have the same.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library knows no niceness")]
fn give_way() {
    // SAFETY: setpriority reads and writes no memory of ours; 0 is the calling thread.
    let _ = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
}

#[cfg(not(target_os = "linux"))]
const fn give_way() {}

fn work(queue: &Mutex<Receiver<HashingJob>>) {
    let mut memory = Vec::new();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(HashingJob { work, _admission }) = job else { return };
        // A panic must not end the thread, since nothing replaces it. The request gets `Stopped`.
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut memory)));
        if done.is_err() {
            tracing::error!("work on a password panicked");
        }
    }
}

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within their ranges")
}

fn compute(
    password: &SecretString,
    salt: &[u8],
    params: &Params,
    length: usize,
    memory: &mut Vec<Block>,
) -> Option<Vec<u8>> {
    memory.resize(memory.len().max(params.block_count()), Block::new());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    let mut hash = vec![0; length];
    argon2
        .hash_password_into_with_memory(
            password.expose_secret().as_bytes(),
            salt,
            &mut hash,
            &mut memory[..params.block_count()],
        )
        .ok()?;
    Some(hash)
}

fn encode(salt: &[u8], hash: &[u8]) -> String {
    let (salt, hash) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(hash));
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${hash}")
}

impl PhcHash {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let mut numbers = parts.next()?.split(',').zip(["m=", "t=", "p="]).map(|(part, name)| {
            part.strip_prefix(name).and_then(|number| number.parse::<u32>().ok())
        });
        let (memory, passes, lanes) = (numbers.next()??, numbers.next()??, numbers.next()??);
        let mut bytes = || STANDARD_NO_PAD.decode(parts.next()?).ok();
        let (salt, hash) = (bytes()?, bytes()?);
        let params = Params::new(memory, passes, lanes, None).ok()?;
        parts.next().is_none().then_some(Self { params, salt, hash })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;

    fn union() -> TenantId {
        TenantId(Uuid::nil())
    }

    fn hasher(queue: usize) -> PasswordHasher {
        PasswordHasher::new(&HashingSettings { threads: 1, queue })
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let hasher = hasher(8);
        let turn = hasher.turn(union(), "").await.unwrap();
        let password = SecretString::from("Umikaze-2026 🌊");
        let stored = turn.hash(&password).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(turn.verify(&password, Some(&stored)).await.unwrap());
        assert!(!turn.verify(&"umikaze-2026 🌊".into(), Some(&stored)).await.unwrap());
        assert!(!turn.verify(&password, None).await.unwrap());
        assert_ne!(stored, turn.hash(&password).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_the_reference_implementation_is_read() {
        // RFC 9106's reference: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let hasher = hasher(1);
        let turn = hasher.turn(union(), "").await.unwrap();
        assert!(turn.verify(&"password".into(), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn who_hangs_up_leaves_no_turn_before_the_work_is_done() {
        let hasher = hasher(0);
        for _ in 0..TURNS_PER_THREAD {
            let turn = hasher.turn(union(), "").await.unwrap();
            let texts = vec!["x".to_owned(); 20];
            let hung_up = Box::pin(turn.digest(vec![0; SALT_LENGTH], texts)).now_or_never();
            assert!(hung_up.is_none());
        }
        assert!(matches!(hasher.turn(union(), "").await, Err(HashingError::Busy)));
    }

    #[tokio::test]
    async fn a_panic_costs_no_thread() {
        let hasher = hasher(1);
        let turn = hasher.turn(union(), "").await.unwrap();
        let panicked = turn.compute(|| panic!("as a test wants it")).await;
        assert!(matches!(panicked, Err::<(), _>(HashingError::Stopped)));
        assert_eq!(turn.compute(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_flood_is_turned_away() {
        let hasher = hasher(1);
        let password = SecretString::from("x");
        let one = async || {
            let turn = hasher.turn(union(), "192.0.2.7").await?;
            turn.verify(&password, None).await
        };
        let crowd = futures_util::future::join_all((0..8).map(|_| one())).await;
        let busy = crowd.iter().filter(|one| matches!(one, Err(HashingError::Busy))).count();
        assert_eq!(busy, 8 - TURNS_PER_THREAD - 1, "so many have a turn, and one waits");
    }
}
