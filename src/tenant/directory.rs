//! The tenants of this service, and whose token is whose.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::audit::{Action, Audit, Entry, Outcome};
use super::local::Local;
use super::passes::Passes;
use super::rate::{Limiter, whole_seconds};
use super::verifier::{self, Verifier, Waiting};
use super::{Caller, Standing, name};
use crate::config::{AccessMode, Config};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{TenantId, UserId};
use crate::store::keys::KeyHolder;
use crate::store::{self, Store};

/// How long a live connection may go on before it is asked again whether its caller may stay.
const RECHECK: Duration = Duration::from_secs(4);

/// How exact the time of a key's last use is, in seconds.
const USE_STEP: i64 = 60;

/// Sign-ins refused that are recorded at once; one a second comes back.
const RECORDED_REFUSALS: u32 = 100;

/// All who may call.
pub(crate) struct Tenants {
    pub(super) store: Store,
    pub(super) audit: Arc<Audit>,
    pub(super) verifier: Verifier,
    pub(super) mode: AccessMode,
    local: Local,
    sign_ins: Limiter,
    /// Tokens of programs and pages of environments.
    pub(crate) passes: Arc<Passes>,
    recorded_refusals: Limiter,
    /// Tells live connections that somebody's rights changed.
    rights: watch::Sender<()>,
}

impl Tenants {
    /// Opens the directory; the first start makes the local user and its tenant.
    pub(crate) async fn open(
        config: &Config,
        store: &Store,
        audit: Arc<Audit>,
    ) -> anyhow::Result<Self> {
        let mut local = Local::read_or_make(&config.data.folder, store).await?;
        if let Some(token) = &config.access.token {
            local.token.clone_from(token);
        }
        store
            .ensure_tenant(&local.tenant_row(), &local.user_row())
            .await?;
        let per_minute = config.access.sign_ins_per_minute;
        Ok(Self {
            store: store.clone(),
            audit,
            verifier: Verifier::new()?,
            mode: config.access.mode,
            local,
            passes: Arc::default(),
            sign_ins: Limiter::new(Duration::from_secs(60) / per_minute, per_minute),
            recorded_refusals: Limiter::new(Duration::from_secs(1), RECORDED_REFUSALS),
            rights: watch::Sender::new(()),
        })
    }

    /// Returns the token that the printed URL carries.
    pub(crate) fn local_token(&self) -> &str {
        &self.local.token
    }

    /// Refuses unless the caller belongs to the operator's own tenant. That the caller is an admin
    /// there has been asked before.
    pub(crate) fn require_operator(&self, caller: &Caller) -> Result<(), Fault> {
        if caller.tenant == self.local.tenant {
            return Ok(());
        }
        Err(Fault::new(
            ErrorCode::NotAllowed,
            "Only the operator, an admin of the service's own tenant, may do this.",
        ))
    }

    /// Refuses changes of the operator's own tenant.
    pub(super) fn refuse_local_tenant(&self, tenant: TenantId) -> Result<(), Fault> {
        if tenant == self.local.tenant {
            return Err(Fault::new(
                ErrorCode::NotAllowed,
                "This is the operator's own tenant, which stays as it is.",
            ));
        }
        Ok(())
    }

    /// Refuses changes of the user that the local token belongs to.
    pub(super) fn refuse_local(&self, user: UserId) -> Result<(), Fault> {
        if user == self.local.user {
            return Err(Fault::new(
                ErrorCode::NotAllowed,
                "This is the user of the local token, who stays an admin as long as the service is there.",
            ));
        }
        Ok(())
    }

    /// Returns whose token this is, sent from `address`.
    pub(crate) async fn caller(&self, token: &str, address: IpAddr) -> Result<Caller, Fault> {
        // Hashes are compared, so that the time tells nothing of the token.
        if blake3::hash(token.as_bytes()) == blake3::hash(self.local.token.as_bytes()) {
            return Ok(self.local.caller(address));
        }
        if let Some(caller) = self.pass_caller(token, address).await? {
            return Ok(caller);
        }
        let Some(prefix) = verifier::prefix(token) else {
            self.record_refusal(None, address, "a token that has no form of ours");
            return Err(unknown());
        };
        // However many strangers come at once, those who are known find the database at hand.
        let mut place = None;
        if !self.verifier.knows(token) {
            place = Some(self.check_in(address)?);
        }
        let holder = self.store.key_holder(prefix).await?;
        let hash = holder.as_ref().map(|holder| holder.hash.as_str());
        let is_remembered = match hash {
            Some(hash) => self.verifier.remembers(token, hash).await,
            None => false,
        };
        if !is_remembered {
            let place = match place {
                Some(place) => place,
                None => self.check_in(address)?,
            };
            if !self.verifier.matches(place, token, hash).await? {
                self.record_refusal(
                    holder.as_ref(),
                    address,
                    &format!("key {prefix}: unknown or wrong"),
                );
                return Err(unknown());
            }
        }
        let holder = holder.ok_or_else(unknown)?;
        if let Err(fault) = standing(&holder) {
            self.record_refusal(
                Some(&holder),
                address,
                &format!("key {prefix}: {}", fault.message),
            );
            return Err(fault);
        }
        let caller = key_caller(&holder, prefix, address)?;
        self.note_use(&caller, holder.last_used_at.as_deref());
        Ok(caller)
    }

    /// Returns the caller in whose name something goes on that they began: with the key of this prefix, or as the local
    /// user. It ends when the key does.
    pub(crate) async fn on_behalf(
        &self,
        tenant: TenantId,
        key_prefix: Option<&str>,
        address: IpAddr,
    ) -> Result<Caller, Fault> {
        let Some(prefix) = key_prefix else {
            let local = self.local.caller(address);
            return match local.tenant == tenant {
                true => Ok(local),
                false => Err(unknown()),
            };
        };
        let holder = self.store.key_holder(prefix).await?.ok_or_else(unknown)?;
        standing(&holder)?;
        key_caller(&holder, prefix, address)
    }

    /// Lets a key be checked, unless too many come from its address or wait already.
    fn check_in(&self, address: IpAddr) -> Result<Waiting, Fault> {
        self.let_in(address)?;
        self.verifier.wait()
    }

    /// Lets somebody be looked for who shows what costs work to check, unless too much of that comes from an address.
    pub(crate) fn let_in(&self, address: IpAddr) -> Result<(), Fault> {
        if let Some(wait) = self.sign_ins.take_address(address).wait {
            let message = "Too many keys that had to be checked came from this address.";
            return Err(
                Fault::new(ErrorCode::RateLimited, message).retry_after(whole_seconds(wait))
            );
        }
        Ok(())
    }

    /// Waits until the caller may no longer call, or no longer as before: the key was revoked,
    /// rotated or has expired, or the user's rights changed. Live connections end then.
    pub(crate) async fn until_revoked(&self, caller: &Caller) {
        let mut rights = self.rights.subscribe();
        loop {
            // A database that does not answer now is asked again.
            if let Ok(false) = self.is_as_before(caller).await {
                return;
            }
            // Other processes change rights too, and keys expire.
            let _ = tokio::time::timeout(RECHECK, rights.changed()).await;
        }
    }

    async fn is_as_before(&self, caller: &Caller) -> Result<bool, Fault> {
        if let Some(pass) = &caller.pass {
            return self.holds(pass, caller).await;
        }
        let Some(prefix) = &caller.key_prefix else {
            return Ok(true);
        };
        let Some(holder) = self.store.key_holder(prefix).await? else {
            return Ok(false);
        };
        let now = key_caller(&holder, prefix, caller.address)?;
        Ok(standing(&holder).is_ok() && now.role == caller.role && now.scopes == caller.scopes)
    }

    /// Tells live connections to ask again.
    pub(super) fn rights_changed(&self) {
        self.rights.send_replace(());
    }

    fn note_use(&self, caller: &Caller, last: Option<&str>) {
        let Some(key) = caller.key else { return };
        let now = jiff::Timestamp::now().as_second();
        let last = last.and_then(|last| last.parse::<jiff::Timestamp>().ok());
        if last.is_some_and(|last| (now - last.as_second()).abs() < USE_STEP) {
            return;
        }
        let (store, tenant) = (self.store.clone(), caller.tenant);
        tokio::spawn(async move {
            if let Err(fault) = store.touch_key(tenant, key, &store::now()).await {
                tracing::warn!(%fault, "the use of a key could not be noted");
            }
        });
    }

    /// Records a refused sign-in in the key's tenant, or in the operator's. Somebody who tries
    /// often is recorded sometimes.
    fn record_refusal(&self, holder: Option<&KeyHolder>, address: IpAddr, what: &str) {
        if self.recorded_refusals.take(b"all").wait.is_some() {
            return;
        }
        let tenant = holder.and_then(|holder| super::stored(&holder.tenant_id).ok());
        self.audit.record_later(Entry {
            tenant: tenant.unwrap_or(self.local.tenant),
            user: None,
            key_prefix: None,
            address: Some(address),
            action: Action::SignIn,
            what: what.to_owned(),
            outcome: Outcome::Refused,
            code_hash: None,
            session: None,
            checkpoint: None,
            fuel: None,
        });
    }
}

fn key_caller(holder: &KeyHolder, prefix: &str, address: IpAddr) -> Result<Caller, Fault> {
    Ok(Caller {
        tenant: super::stored(&holder.tenant_id)?,
        user: super::stored(&holder.user_id)?,
        role: super::stored(&holder.role)?,
        scopes: super::stored_scopes(holder.scopes.as_deref())?,
        key: Some(super::stored(&holder.id)?),
        key_prefix: Some(prefix.to_owned()),
        pass: None,
        address,
    })
}

fn unknown() -> Fault {
    Fault::new(
        ErrorCode::NotAuthenticated,
        "The token is not known, or no longer.",
    )
}

/// Refuses a key that was right and does not count. Only who has the key is told why.
fn standing(holder: &KeyHolder) -> Result<(), Fault> {
    let refuse = |message: String| Err(Fault::new(ErrorCode::NotAuthenticated, message));
    if let Some(expiry) = &holder.expires_at {
        let ended = expiry.parse::<jiff::Timestamp>().map_err(super::damaged)?;
        if ended <= jiff::Timestamp::now() {
            return refuse(format!("The API key expired at {expiry}."));
        }
    }
    let active = name(&Standing::Active);
    if holder.user_standing != active {
        return refuse("The user is suspended.".into());
    }
    if holder.tenant_standing != active {
        return refuse("The tenant is suspended.".into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::tenant::Name;
    use crate::tenant::keys::NewKey;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    async fn opened(folder: &Path) -> Arc<Tenants> {
        let mut config = Config::default();
        folder.clone_into(&mut config.data.folder);
        let store = Store::open(None, folder).await.expect("a database");
        let audit = Audit::open(&store, folder).await.expect("a log");
        let tenants = Tenants::open(&config, &store, Arc::new(audit)).await;
        Arc::new(tenants.expect("it opens"))
    }

    /// Returns a caller with a new key, and the key's id.
    async fn with_key(tenants: &Tenants, expires_at: Option<jiff::Timestamp>) -> Caller {
        let local = tenants
            .caller(tenants.local_token(), HERE)
            .await
            .expect("the local user");
        let name = Name::try_from("a".to_owned()).expect("a name");
        let new = NewKey {
            name,
            user: None,
            scopes: None,
            expires_at,
        };
        let key = tenants.create_key(&local, new).await.expect("a key");
        let shown = serde_json::to_value(&key).expect("JSON");
        let secret = shown["secret"].as_str().expect("a text");
        tenants.caller(secret, HERE).await.expect("it counts")
    }

    #[tokio::test]
    async fn whoever_waits_for_the_end_of_a_key_is_told_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let tenants = opened(folder.path()).await;
        let local = tenants
            .caller(tenants.local_token(), HERE)
            .await
            .expect("the local user");
        let (kept, revoked) = (
            with_key(&tenants, None).await,
            with_key(&tenants, None).await,
        );
        let wait = |caller: &Caller| {
            let (tenants, caller) = (Arc::clone(&tenants), caller.clone());
            tokio::spawn(async move { tenants.until_revoked(&caller).await })
        };
        let (goes_on, ends) = (wait(&kept), wait(&revoked));
        tenants
            .revoke_key(&local, revoked.key.expect("a key"))
            .await
            .expect("revoked");
        ends.await.expect("no panic");
        assert!(!goes_on.is_finished());
        tenants
            .rotate_key(&local, kept.key.expect("a key"))
            .await
            .expect("rotated");
        goes_on.await.expect("no panic");
    }

    #[tokio::test]
    async fn a_key_that_expires_ends_what_it_opened() {
        let folder = tempfile::tempdir().expect("a folder");
        let tenants = opened(folder.path()).await;
        let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
        let caller = with_key(&tenants, Some(soon)).await;
        tenants.until_revoked(&caller).await;
        assert!(jiff::Timestamp::now() >= soon);
    }
}
