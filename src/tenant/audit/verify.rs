//! `cellblock audit verify`: follows every chain from its first record to its signed head and
//! names the first record of each that is not as it was written.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::chain::{ChainKey, Heads, START};
use crate::store::Store;
use crate::store::audit::AuditRow;

/// Records read at once.
const STEP: i64 = 1000;

/// How far a clock may be set back without being told, in seconds: what keeps clocks right does so.
const CLOCK_TOLERANCE: i64 = 2;

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) tenants: usize,
    /// Records that are as they were written.
    pub(crate) records: u64,
    /// The first bad record of each chain that has one.
    pub(crate) findings: Vec<Finding>,
}

/// A chain's first bad record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) tenant: String,
    pub(crate) seq: i64,
    pub(crate) what: Tampering,
}

/// What is wrong with a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Tampering {
    /// It is not what was written, or was not written by the service.
    Altered,
    /// It is gone, and others are behind it.
    Missing,
    /// It stands elsewhere.
    Reordered { stands_at: i64 },
    /// It and all behind it are gone; the signed head knows of them.
    CutTail { signed: i64 },
    /// It was written at an earlier time than the record before it.
    ClockBack { before: String, time: String },
    /// The chain is there and its signed head is not.
    HeadMissing,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tenant, seq, what } = self;
        write!(formatter, "tenant {tenant}: record {seq} ")?;
        match what {
            Tampering::Altered => write!(formatter, "was altered: it does not fit the chain"),
            Tampering::Missing => write!(formatter, "is missing"),
            Tampering::Reordered { stands_at } => {
                write!(formatter, "was reordered: it stands at place {stands_at}")
            }
            Tampering::CutTail { signed } => {
                write!(
                    formatter,
                    "and all up to {signed} were cut off: the signed head names them"
                )
            }
            Tampering::ClockBack { before, time } => {
                write!(
                    formatter,
                    "has the time {time}, and the one before it {before}: the clock was set back"
                )
            }
            Tampering::HeadMissing => write!(formatter, "is the last, and no signed head says so"),
        }
    }
}

/// Follows every chain. `heads` is a file of signed heads that was kept elsewhere; by default the
/// data folder's own is used.
pub(crate) async fn verify(
    store: &Store,
    folder: &Path,
    heads: Option<&Path>,
) -> anyhow::Result<Report> {
    let mut tenants: BTreeSet<String> = store.audited_tenants().await?.into_iter().collect();
    if tenants.is_empty() && !folder.join("audit.key").try_exists()? {
        return Ok(Report::default());
    }
    let key = ChainKey::read(folder)?;
    // Heads first: a service that runs meanwhile only adds records behind them.
    let heads = match heads {
        Some(file) => Heads::read_file(file, &key)?,
        None => Heads::read(folder, &key)?,
    };
    tenants.extend(heads.tenants().cloned());
    let mut report = Report {
        tenants: tenants.len(),
        ..Report::default()
    };
    for tenant in tenants {
        if let Some((seq, what)) = follow(store, &key, &heads, &tenant, &mut report.records).await?
        {
            report.findings.push(Finding { tenant, seq, what });
        }
    }
    Ok(report)
}

/// Follows one chain to its first bad record.
async fn follow(
    store: &Store,
    key: &ChainKey,
    heads: &Heads,
    tenant: &str,
    good: &mut u64,
) -> anyhow::Result<Option<(i64, Tampering)>> {
    let (mut before, mut time, mut next) = (START.to_owned(), None::<String>, 1);
    let mut read = i64::MIN;
    loop {
        let rows = store.audit_chain(tenant, read, STEP).await?;
        let Some(last) = rows.last() else { break };
        read = last.seq;
        for row in rows {
            if row.seq < next {
                return Ok(Some((row.seq, Tampering::Altered)));
            }
            if row.seq > next || key.mac(&row, &before) != row.mac {
                let otherwise = if row.seq > next {
                    Tampering::Missing
                } else {
                    Tampering::Altered
                };
                let elsewhere = find(store, key, tenant, next, &before).await?;
                let what =
                    elsewhere.map_or(otherwise, |stands_at| Tampering::Reordered { stands_at });
                return Ok(Some((next, what)));
            }
            if let Some(before) = time.filter(|before| went_back(before, &row.time)) {
                return Ok(Some((
                    next,
                    Tampering::ClockBack {
                        before,
                        time: row.time,
                    },
                )));
            }
            (before, time) = (row.mac, Some(row.time));
            next += 1;
            *good += 1;
        }
    }
    Ok(match heads.of(tenant) {
        Some(head) if head.seq >= next => Some((next, Tampering::CutTail { signed: head.seq })),
        Some(_) => None,
        None => Some((next - 1, Tampering::HeadMissing)),
    })
}

/// Returns where the record stands that belongs at `place`.
async fn find(
    store: &Store,
    key: &ChainKey,
    tenant: &str,
    place: i64,
    before: &str,
) -> anyhow::Result<Option<i64>> {
    let mut read = place;
    loop {
        let rows = store.audit_chain(tenant, read, STEP).await?;
        let Some(last) = rows.last() else {
            return Ok(None);
        };
        read = last.seq;
        for row in rows {
            let stands_at = row.seq;
            let moved = AuditRow { seq: place, ..row };
            if key.mac(&moved, before) == moved.mac {
                return Ok(Some(stands_at));
            }
        }
    }
}

/// Tells whether a time is earlier than the one before it. Times that are none are no times of ours.
fn went_back(before: &str, time: &str) -> bool {
    match (
        before.parse::<jiff::Timestamp>(),
        time.parse::<jiff::Timestamp>(),
    ) {
        (Ok(before), Ok(time)) => before.as_second() - time.as_second() > CLOCK_TOLERANCE,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store;

    /// Writes records of these times with the right key, as the service would.
    async fn written(folder: &Path, times: &[&str]) -> Store {
        let store = Store::open(None, folder).await.expect("a database");
        let key = ChainKey::read_or_make(folder).expect("a key");
        let (mut heads, mut before) = (Heads::default(), START.to_owned());
        let mut transaction = store.begin().await.expect("a transaction");
        for (seq, time) in (1..).zip(times) {
            let mut row = AuditRow {
                tenant_id: "t".into(),
                seq,
                time: (*time).into(),
                user_id: None,
                key_prefix: None,
                address: None,
                action: "sign_in".into(),
                what: String::new(),
                outcome: "refused".into(),
                code_hash: None,
                session_id: None,
                checkpoint_id: None,
                fuel: None,
                mac: String::new(),
            };
            row.mac = key.mac(&row, &before);
            before.clone_from(&row.mac);
            transaction.add_audit(&row).await.expect("added");
            heads.set("t".into(), key.head("t", seq, &row.mac));
        }
        transaction.commit().await.expect("stored");
        heads.write(folder).expect("heads");
        store
    }

    #[tokio::test]
    async fn a_clock_that_was_set_back_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let times = [
            "2026-01-01T00:00:05Z",
            "2026-01-01T00:00:04Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:09Z",
        ];
        let store = written(folder.path(), &times).await;
        let report = verify(&store, folder.path(), None).await.expect("it reads");
        let [
            Finding {
                seq: 3,
                what: Tampering::ClockBack { before, time },
                ..
            },
        ] = &report.findings[..]
        else {
            panic!("{report:?}");
        };
        assert_eq!((before.as_str(), time.as_str()), (times[1], times[2]));
    }

    #[tokio::test]
    async fn a_sound_chain_longer_than_one_reading_has_no_findings() {
        let folder = tempfile::tempdir().expect("a folder");
        let now = store::now();
        let store = written(folder.path(), &vec![now.as_str(); 2500]).await;
        let report = verify(&store, folder.path(), None).await.expect("it reads");
        assert_eq!((report.records, report.findings), (2500, vec![]));
    }

    #[tokio::test]
    async fn a_chain_without_its_heads_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = written(folder.path(), &["2026-01-01T00:00:00Z"]).await;
        std::fs::remove_file(folder.path().join("audit-heads.json")).expect("it is there");
        let report = verify(&store, folder.path(), None).await.expect("it reads");
        assert!(
            matches!(
                report.findings[..],
                [Finding {
                    seq: 1,
                    what: Tampering::HeadMissing,
                    ..
                }]
            ),
            "{report:?}"
        );
    }
}
