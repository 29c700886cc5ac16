//! Seals values with a key that lies in the data folder, apart from the database.

use std::path::Path;

use anyhow::Context as _;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use super::grant::SecretText;
use crate::disk;
use crate::error_code::Fault;

/// The key's file in the data folder.
const KEY_FILE: &str = "secrets.key";

/// Bytes of the random number that each sealing has of its own, and that stand before it.
const NONCE: usize = 24;

/// The key, ready for use.
pub(super) struct Vault(XChaCha20Poly1305);

impl Vault {
    /// Reads the key, or makes it where there is none.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(KEY_FILE);
        if !file.try_exists()? {
            let mut key = [0; 32];
            getrandom::fill(&mut key).context("the operating system has no random bytes")?;
            disk::write_whole(&file, &key)?;
        }
        let key =
            std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let cipher = XChaCha20Poly1305::new_from_slice(&key);
        Ok(Self(cipher.ok().with_context(|| {
            format!(
                "{} has not 32 bytes; restore it, or remove it and set all secrets again",
                file.display()
            )
        })?))
    }

    /// Returns a value that only this key opens, and only for this place.
    pub(super) fn seal(&self, place: &str, value: &SecretText) -> Result<Vec<u8>, Fault> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(Fault::internal)?;
        let payload = Payload {
            msg: value.reveal().as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(Fault::internal)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Returns the value; nothing when it was sealed with another key, for another place, or
    /// was changed.
    pub(super) fn unseal(&self, place: &str, sealed: &[u8]) -> Option<SecretText> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload {
            msg: sealed,
            aad: place.as_bytes(),
        };
        let opened = self.0.decrypt(&XNonce::from(*nonce), payload).ok()?;
        String::from_utf8(opened).ok().map(SecretText::new)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_value_comes_out_for_its_place_and_key_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let vault = Vault::open(folder.path()).expect("it opens");
        let value = SecretText::new("canary-canary".into());
        let sealed = vault.seal("a/b/C", &value).expect("it is sealed");
        assert!(!sealed.windows(6).any(|bytes| bytes == b"canary"));
        assert_ne!(sealed, vault.seal("a/b/C", &value).expect("it is sealed"));
        let again = Vault::open(folder.path()).expect("it opens again");
        assert_eq!(again.unseal("a/b/C", &sealed), Some(value));
        assert_eq!(again.unseal("a/b/D", &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(again.unseal("a/b/C", &changed), None, "{place}");
        }
        assert_eq!(again.unseal("a/b/C", &sealed[..10]), None);
        let other = tempfile::tempdir().expect("a folder");
        let other = Vault::open(other.path()).expect("it opens");
        assert_eq!(other.unseal("a/b/C", &sealed), None);
    }

    #[test]
    fn the_key_is_for_its_owner_alone_and_is_not_made_up_when_it_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        Vault::open(folder.path()).expect("it opens");
        let file = folder.path().join(KEY_FILE);
        let mode = file.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(&file, "short").expect("it is written");
        assert!(Vault::open(folder.path()).is_err());
    }
}
