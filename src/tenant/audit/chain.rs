//! The chain's key, the MAC of a record, and the signed heads.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::disk;
use crate::store::audit::AuditRow;

/// The key's file in the data folder.
const KEY_FILE: &str = "audit.key";

/// The file of the heads in the data folder.
const HEADS_FILE: &str = "audit-heads.json";

/// What stands before a chain's first record.
pub(super) const START: &str = "";

/// The key that every chain is made with.
#[derive(Clone)]
pub(super) struct ChainKey([u8; 32]);

impl ChainKey {
    /// Reads the key.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(KEY_FILE);
        let bytes =
            std::fs::read(&file).with_context(|| format!("{} cannot be read", file.display()))?;
        let key = <[u8; 32]>::try_from(bytes).ok();
        Ok(Self(key.with_context(|| {
            format!("{} has not 32 bytes", file.display())
        })?))
    }

    /// Reads the key, or makes it where there is none.
    pub(super) fn read_or_make(folder: &Path) -> anyhow::Result<Self> {
        let file = folder.join(KEY_FILE);
        if !file.try_exists()? {
            let mut key = [0; 32];
            getrandom::fill(&mut key).context("the operating system has no random bytes")?;
            disk::write_whole(&file, &key)?;
        }
        Self::read(folder)
    }

    /// Returns the MAC of a record that stands behind the one whose MAC is `before`.
    pub(super) fn mac(&self, row: &AuditRow, before: &str) -> String {
        let covered = (
            before,
            &row.tenant_id,
            row.seq,
            &row.time,
            &row.user_id,
            &row.key_prefix,
            &row.address,
            &row.action,
            &row.what,
            &row.outcome,
            &row.code_hash,
            &row.session_id,
            &row.checkpoint_id,
            row.fuel,
        );
        let covered = serde_json::to_vec(&covered).expect("texts and numbers are JSON");
        let chain = blake3::keyed_hash(&self.0, format!("chain {}", row.tenant_id).as_bytes());
        blake3::keyed_hash(chain.as_bytes(), &covered)
            .to_hex()
            .to_string()
    }

    /// Returns the head of a chain whose last record has this place and MAC.
    pub(super) fn head(&self, tenant: &str, seq: i64, mac: &str) -> Head {
        let signed = blake3::keyed_hash(&self.0, format!("head {tenant} {seq} {mac}").as_bytes());
        Head {
            seq,
            mac: mac.to_owned(),
            signature: signed.to_hex().to_string(),
        }
    }
}

/// How long a tenant's chain is, signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// The last record's place.
    pub(crate) seq: i64,
    /// The last record's MAC.
    pub(crate) mac: String,
    pub(crate) signature: String,
}

/// The heads of all chains.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Heads(BTreeMap<String, Head>);

impl Heads {
    /// Reads the heads of a data folder; without the file there are none.
    pub(super) fn read(folder: &Path, key: &ChainKey) -> anyhow::Result<Self> {
        let file = Self::file(folder);
        if file.try_exists()? {
            Self::read_file(&file, key)
        } else {
            Ok(Self::default())
        }
    }

    /// Reads a file of heads and checks their signatures.
    pub(super) fn read_file(file: &Path, key: &ChainKey) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let heads: Self = serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is no file of audit heads", file.display()))?;
        for (tenant, head) in &heads.0 {
            anyhow::ensure!(
                *head == key.head(tenant, head.seq, &head.mac),
                "{}: the head of tenant {tenant} is not signed with the key of this log",
                file.display()
            );
        }
        Ok(heads)
    }

    /// Writes the heads as a whole.
    pub(super) fn write(&self, folder: &Path) -> io::Result<()> {
        disk::write_whole(&Self::file(folder), &serde_json::to_vec_pretty(self)?)
    }

    fn file(folder: &Path) -> PathBuf {
        folder.join(HEADS_FILE)
    }

    pub(super) fn of(&self, tenant: &str) -> Option<&Head> {
        self.0.get(tenant)
    }

    pub(super) fn set(&mut self, tenant: String, head: Head) {
        self.0.insert(tenant, head);
    }

    pub(super) fn tenants(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }
}
