//! API keys as texts: how they are made, and how one is held against its hash at a bounded cost.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use data_encoding::HEXLOWER;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error_code::{ErrorCode, Fault};

/// Hashes computed at once: each takes a processor for some 20 ms and 19 MiB.
const AT_ONCE: usize = 2;

/// Callers who may wait for one; more are told to come again.
const WAITING: usize = 64;

/// How long a verified key is remembered, and how many are.
const REMEMBERED_FOR: Duration = Duration::from_secs(15 * 60);
const REMEMBERED: u64 = 10_000;

/// Random bytes of the visible and of the secret part of a key.
const PREFIX_BYTES: usize = 6;
const SECRET_BYTES: usize = 24;

/// A new API key: the text that is shown once, and what is kept of it.
pub(super) struct NewKey {
    pub(super) text: String,
    pub(super) prefix: String,
    pub(super) hash: String,
}

/// Returns the visible part of a text that has the form of an API key: `cb_<prefix>_<secret>`.
pub(super) fn prefix(token: &str) -> Option<&str> {
    let (prefix, secret) = token.strip_prefix("cb_")?.split_once('_')?;
    let hex = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    (prefix.len() == 2 * PREFIX_BYTES
        && secret.len() == 2 * SECRET_BYTES
        && hex(prefix)
        && hex(secret))
    .then_some(prefix)
}

/// Holds keys against hashes. What it remembers is that a text matches a hash, which stays true
/// for ever; whether the key still counts is a question for the database.
pub(super) struct Verifier {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Keys that were checked a short time ago, with the hashes that they match.
    remembered: moka::future::Cache<[u8; 32], [u8; 32]>,
    /// Keys what is remembered, so that it tells nothing outside of this process.
    memory_key: [u8; 32],
    /// The hash of a key that nobody has: an unknown prefix costs as much as a wrong secret.
    nobody: String,
}

/// A place among those who wait to be checked. Who has none asks nothing of the database either.
pub(super) type Waiting = OwnedSemaphorePermit;

impl Verifier {
    /// Makes a verifier that remembers nothing.
    pub(super) fn new() -> Result<Self, Fault> {
        let mut memory_key = [0; 32];
        random(&mut memory_key)?;
        Ok(Self {
            running: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            remembered: moka::future::Cache::builder()
                .max_capacity(REMEMBERED)
                .time_to_live(REMEMBERED_FOR)
                .build(),
            memory_key,
            nobody: hash("nobody")?,
        })
    }

    /// Makes a new key.
    pub(super) async fn new_key(&self) -> Result<NewKey, Fault> {
        let (mut prefix, mut secret) = ([0; PREFIX_BYTES], [0; SECRET_BYTES]);
        random(&mut prefix)?;
        random(&mut secret)?;
        let prefix = HEXLOWER.encode(&prefix);
        let text = format!("cb_{prefix}_{}", HEXLOWER.encode(&secret));
        let hashed = text.clone();
        let hash = self.costly(self.wait()?, move || hash(&hashed)).await??;
        Ok(NewKey { text, prefix, hash })
    }

    /// Takes a place among those who wait, or refuses when there are too many.
    pub(super) fn wait(&self) -> Result<Waiting, Fault> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        place.map_err(|_| {
            Fault::new(
                ErrorCode::SignInsBusy,
                format!("{WAITING} callers are waiting to be checked."),
            )
            .retry_after(2)
        })
    }

    /// Tells whether the key matched some hash a short time ago.
    pub(super) fn knows(&self, token: &str) -> bool {
        self.remembered.contains_key(&self.memory(token))
    }

    /// Tells whether the key was held against this hash a short time ago.
    pub(super) async fn remembers(&self, token: &str, hash: &str) -> bool {
        let remembered = self.remembered.get(&self.memory(token)).await;
        remembered.is_some_and(|matched| matched == self.memory(hash))
    }

    /// Tells whether the key matches the hash; without a hash it takes as long to say no.
    pub(super) async fn matches(
        &self,
        place: Waiting,
        token: &str,
        hash: Option<&str>,
    ) -> Result<bool, Fault> {
        let held = token.to_owned();
        let against = hash.unwrap_or(&self.nobody).to_owned();
        let matches = self.costly(place, move || verify(&held, &against)).await?;
        match hash {
            Some(hash) if matches => {
                let (key, matched) = (self.memory(token), self.memory(hash));
                self.remembered.insert(key, matched).await;
                Ok(true)
            }
            Some(_) | None => Ok(false),
        }
    }

    fn memory(&self, text: &str) -> [u8; 32] {
        *blake3::keyed_hash(&self.memory_key, text.as_bytes()).as_bytes()
    }

    /// Runs what takes a processor for long: a few at once, and those who have a place behind them.
    async fn costly<T: Send + 'static>(
        &self,
        place: Waiting,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let turn = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(Fault::internal)?;
        drop(place);
        // The turn ends with the work, also when the caller has gone away.
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        })
        .await
        .map_err(Fault::internal)
    }
}

fn random(bytes: &mut [u8]) -> Result<(), Fault> {
    getrandom::fill(bytes).map_err(Fault::internal)
}

/// Returns the hash of a password that another program checks.
pub(crate) async fn hashed(password: String) -> Result<String, Fault> {
    let hashing = tokio::task::spawn_blocking(move || hash(&password));
    hashing.await.map_err(Fault::internal)?
}

fn hash(text: &str) -> Result<String, Fault> {
    let mut salt = [0; 16];
    random(&mut salt)?;
    let salt = SaltString::encode_b64(&salt).map_err(Fault::internal)?;
    let hash = Argon2::default()
        .hash_password(text.as_bytes(), &salt)
        .map_err(Fault::internal)?;
    Ok(hash.to_string())
}

fn verify(text: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| {
        Argon2::default()
            .verify_password(text.as_bytes(), &hash)
            .is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn matches(verifier: &Verifier, token: &str, hash: Option<&str>) -> Result<bool, Fault> {
        verifier.matches(verifier.wait()?, token, hash).await
    }

    #[tokio::test]
    async fn a_key_matches_its_own_hash_alone_and_is_then_remembered() {
        let verifier = Verifier::new().expect("it opens");
        let key = verifier.new_key().await.expect("a key");
        let other = verifier.new_key().await.expect("a key");
        assert_eq!(prefix(&key.text), Some(key.prefix.as_str()));
        assert!(!key.hash.contains(&key.text[16..]));
        assert!(!verifier.knows(&key.text));
        let held = matches(&verifier, &key.text, Some(&key.hash)).await;
        assert!(held.expect("checked"));
        assert!(verifier.knows(&key.text) && !verifier.knows(&other.text));
        assert!(verifier.remembers(&key.text, &key.hash).await);
        // A rotated key has another hash: what is remembered does not hold for it.
        assert!(!verifier.remembers(&key.text, &other.hash).await);
        let held = matches(&verifier, &other.text, Some(&key.hash)).await;
        assert!(!held.expect("checked"));
        assert!(!matches(&verifier, "nobody", None).await.expect("checked"));
        assert!(!verifier.knows(&other.text) && !verifier.knows("nobody"));
    }

    #[tokio::test]
    async fn more_than_can_be_checked_are_told_to_come_again() {
        let verifier = Verifier::new().expect("it opens");
        let places: Vec<_> = (0..WAITING)
            .map(|_| verifier.wait().expect("there is room"))
            .collect();
        let refused = matches(&verifier, "one more", None).await;
        let fault = refused.expect_err("there is none");
        assert_eq!(fault.code, ErrorCode::SignInsBusy);
        assert!(fault.retry_after.is_some());
        assert!(verifier.new_key().await.is_err(), "it costs as much");
        drop(places);
        assert!(!matches(&verifier, "one", None).await.expect("checked"));
    }

    #[test]
    fn only_the_form_of_a_key_is_looked_up() {
        let key = format!("cb_{}_{}", "0123456789ab", "0".repeat(48));
        assert_eq!(prefix(&key), Some("0123456789ab"));
        for bad in [
            "",
            "cb__",
            "cb_0123456789ab_",
            &key[1..],
            &key.to_uppercase(),
            &format!("{key}0"),
        ] {
            assert_eq!(prefix(bad), None, "{bad}");
        }
    }
}
