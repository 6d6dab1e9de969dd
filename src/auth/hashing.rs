//! Argon2id on a bounded pool of threads.
//!
//! A hash takes 19 MiB and some 15 ms. A thread a core, each with memory of its own that it uses
//! again and again, makes as many hashes as the cores can and never more memory; when the queue is
//! full the answer is "come again", at once, instead of a server that drowns.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use tokio::sync::oneshot;

use crate::config::HashingSettings;

/// OWASP's minimum for argon2id: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_LENGTH: usize = 32;
const SALT_LENGTH: usize = 16;
/// About as long as a hash takes.
const PATIENCE: Duration = Duration::from_millis(20);

/// Hashes and checks passwords.
#[derive(Debug, Clone)]
pub struct Hasher {
    jobs: SyncSender<Job>,
    /// What is checked for people who don't exist, so that the answer takes as long.
    dummy: Arc<str>,
}

#[derive(Debug, thiserror::Error)]
pub enum HashingError {
    /// The queue is full; try again in a second.
    #[error("password hashing is busy")]
    Busy,
    #[error("password hashing has stopped")]
    Stopped,
    #[error("a stored password hash can't be read")]
    Unreadable,
}

struct Job {
    password: SecretString,
    work: Work,
}

/// Other work, which may use the thread's own memory.
type OtherWork = dyn FnOnce(&mut Vec<Block>) + Send;

enum Work {
    Hash(oneshot::Sender<String>),
    Verify(Stored, oneshot::Sender<bool>),
    Compute(Box<OtherWork>),
}

/// A stored hash in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`.
struct Stored {
    params: Params,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Hasher {
    /// Starts the threads.
    #[must_use]
    pub fn new(settings: &HashingSettings) -> Self {
        let threads = match settings.threads {
            0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            threads => threads,
        };
        let (jobs, queue) = sync_channel(settings.queue.max(1));
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..threads {
            let queue = queue.clone();
            std::thread::Builder::new()
                .name(format!("hashing-{number}"))
                .spawn(move || work(&queue))
                .expect("a thread can be started");
        }
        let salt = [0; SALT_LENGTH];
        let dummy = encode(&salt, &[0; HASH_LENGTH]).into();
        Self { jobs, dummy }
    }

    /// Hashes a password with a fresh salt.
    ///
    /// # Errors
    /// [`HashingError::Busy`], [`HashingError::Stopped`].
    pub async fn hash(&self, password: &SecretString) -> Result<String, HashingError> {
        let (answer, waiting) = oneshot::channel();
        self.submit(password, Work::Hash(answer))?;
        waiting.await.map_err(|_| HashingError::Stopped)
    }

    /// [`Hasher::hash`] for work that nobody waits for: where the queue is full it comes again.
    ///
    /// # Errors
    /// [`HashingError::Stopped`].
    pub async fn hash_patiently(&self, password: &SecretString) -> Result<String, HashingError> {
        loop {
            match self.hash(password).await {
                Err(HashingError::Busy) => tokio::time::sleep(PATIENCE).await,
                other => return other,
            }
        }
    }

    /// Whether the password is the one behind `stored`. `None` takes as long and is false.
    ///
    /// # Errors
    /// All of [`HashingError`].
    pub async fn verify(
        &self,
        password: &SecretString,
        stored: Option<&str>,
    ) -> Result<bool, HashingError> {
        let parsed =
            Stored::parse(stored.unwrap_or(&self.dummy)).ok_or(HashingError::Unreadable)?;
        let (answer, waiting) = oneshot::channel();
        self.submit(password, Work::Verify(parsed, answer))?;
        let matches = waiting.await.map_err(|_| HashingError::Stopped)?;
        Ok(matches && stored.is_some())
    }

    /// Does other work on passwords that takes its time, with the same bounds.
    ///
    /// # Errors
    /// [`HashingError::Busy`], [`HashingError::Stopped`].
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
        self.submit(&SecretString::default(), Work::Compute(work))?;
        waiting.await.map_err(|_| HashingError::Stopped)
    }

    /// Hashes texts with one salt, slowly.
    ///
    /// # Errors
    /// All of [`HashingError`].
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

    fn submit(&self, password: &SecretString, work: Work) -> Result<(), HashingError> {
        self.jobs.try_send(Job { password: password.clone(), work }).map_err(|error| match error {
            TrySendError::Full(_) => HashingError::Busy,
            TrySendError::Disconnected(_) => HashingError::Stopped,
        })
    }
}

fn work(queue: &Mutex<Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { password, work }) = job else { return };
        match work {
            Work::Hash(answer) => {
                let salt: [u8; SALT_LENGTH] = rand::random();
                if let Some(hash) = compute(&password, &salt, &params(), HASH_LENGTH, &mut memory) {
                    let _ = answer.send(encode(&salt, &hash));
                }
            }
            Work::Compute(work) => work(&mut memory),
            Work::Verify(stored, answer) => {
                let length = stored.hash.len();
                let hash = compute(&password, &stored.salt, &stored.params, length, &mut memory);
                let matches = hash.is_some_and(|hash| hash.ct_eq(&stored.hash).into());
                let _ = answer.send(matches);
            }
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

impl Stored {
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
    use super::*;

    fn hasher(queue: usize) -> Hasher {
        Hasher::new(&HashingSettings { threads: 1, queue })
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_no_other_is() {
        let hasher = hasher(8);
        let password = SecretString::from("Umikaze-2026 🌊");
        let stored = hasher.hash(&password).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hasher.verify(&password, Some(&stored)).await.unwrap());
        assert!(!hasher.verify(&"umikaze-2026 🌊".into(), Some(&stored)).await.unwrap());
        assert!(!hasher.verify(&password, None).await.unwrap());
        assert_ne!(stored, hasher.hash(&password).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_the_reference_implementation_is_read() {
        // RFC 9106's reference: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1
        let stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(hasher(1).verify(&"password".into(), Some(stored)).await.unwrap());
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_at_once() {
        let hasher = hasher(1);
        let password = SecretString::from("x");
        let crowd = (0..8).map(|_| {
            tokio::spawn({
                let (hasher, password) = (hasher.clone(), password.clone());
                async move { hasher.verify(&password, None).await }
            })
        });
        let mut busy = 0;
        for person in crowd.collect::<Vec<_>>() {
            busy += usize::from(matches!(person.await.unwrap(), Err(HashingError::Busy)));
        }
        assert!(busy >= 5, "{busy} of 8 were turned away");
    }
}
