//! Addresses for files that are signed with a sandbox's token. They do not say which sandbox it is.

use std::net::IpAddr;
use std::time::Duration;

use moka::future::Cache;
use sha2::{Digest as _, Sha256};

use super::Sandboxes;
use crate::error_code::{ErrorCode, Fault};
use crate::store::sandboxes::SandboxRow;

/// Sandboxes that are looked through for the one whose token signed an address.
const SIGNERS: i64 = 10_000;

/// Signatures of which it is remembered whose they are, and for how long after their last use.
const REMEMBERED: u64 = 10_000;
const LONG: Duration = Duration::from_secs(3600);

/// Whose signatures are: the ids of sandboxes.
pub(super) struct Signers(Cache<String, String>);

impl Default for Signers {
    fn default() -> Self {
        let known = Cache::builder().max_capacity(REMEMBERED);
        Self(known.time_to_idle(LONG).build())
    }
}

/// What an address for a file says, and that it is signed with a sandbox's token.
pub(crate) struct Signed<'a> {
    pub(crate) path: &'a str,
    /// `read` or `write`.
    pub(crate) operation: &'static str,
    pub(crate) user: &'a str,
    pub(crate) signature: &'a str,
    /// Seconds since 1970.
    pub(crate) expiration: Option<i64>,
}

impl Signed<'_> {
    /// Tells whether it is signed with a token.
    fn is_by(&self, token: &str) -> bool {
        let Self {
            path,
            operation,
            user,
            expiration,
            ..
        } = self;
        let mut text = format!("{path}:{operation}:{user}:{token}");
        if let Some(expiration) = expiration {
            text.push_str(&format!(":{expiration}"));
        }
        let digest = Sha256::digest(text.as_bytes());
        let right = format!("v1_{}", data_encoding::BASE64_NOPAD.encode(&digest));
        // Hashes are compared, so that the time tells nothing of it.
        blake3::hash(right.as_bytes()) == blake3::hash(self.signature.as_bytes())
    }
}

impl Sandboxes {
    /// Returns the sandbox whose token signed an address for a file. To look for it costs as much as to check a key, and
    /// is bounded as that is.
    pub(crate) async fn signer(
        &self,
        signed: &Signed<'_>,
        address: IpAddr,
    ) -> Result<SandboxRow, Fault> {
        if signed.user.contains(':') {
            // With one, the same text could stand for another path, user and operation.
            let message = "it has a `:`, which no name of a user has";
            return Err(Fault::field("username", message));
        }
        if let Some(end) = signed.expiration
            && end <= jiff::Timestamp::now().as_second()
        {
            let message = "The address has expired; sign a new one.";
            return Err(Fault::new(ErrorCode::NotAuthenticated, message));
        }
        if let Some(known) = self.signers.0.get(signed.signature).await {
            let row = self.reachable(&known).await?;
            if signed.is_by(&self.token(&row)?) {
                return Ok(row);
            }
        }
        self.tenants.let_in(address)?;
        for row in self.store.reachable_sandboxes(SIGNERS).await? {
            if signed.is_by(&self.token(&row)?) {
                let signature = signed.signature.to_owned();
                self.signers.0.insert(signature, row.id.clone()).await;
                return self.reachable(&row.id).await;
            }
        }
        let message = "The signature is of no sandbox that is there, or for another file.";
        Err(Fault::new(ErrorCode::NotAuthenticated, message))
    }
}
