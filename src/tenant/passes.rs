//! Passes: tokens that a program of an environment, or a browser that looks at it, has in the place of its
//! user's own. Each counts for one thing alone, for as long as whoever asked for it holds it, and is in
//! memory only.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::{Caller, Scope, Standing, Tenants, name, stored};
use crate::error_code::{ErrorCode, Fault};
use crate::id::{EnvironmentId, ProjectId, TenantId, UserId};

/// What each pass begins with.
const PREFIX: &str = "pass_";

/// What a pass counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Within {
    /// Jupyter's addresses, in a project; kernels are of this image unless another is asked for.
    Project { project: ProjectId, image: String },
    /// The pages of an environment.
    Environment(EnvironmentId),
}

/// A pass as its caller has it.
#[derive(Debug, Clone)]
pub(crate) struct Pass {
    hash: blake3::Hash,
    pub(crate) within: Within,
}

/// Whose a pass is.
#[derive(Debug, Clone)]
struct Holder {
    tenant: TenantId,
    user: UserId,
    within: Within,
}

/// All passes that count now.
#[derive(Debug, Default)]
pub(crate) struct Passes(Mutex<HashMap<blake3::Hash, Holder>>);

/// A pass that was given out. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) text: String,
    passes: Arc<Passes>,
}

impl Passes {
    /// Gives out a pass in the name of a caller.
    pub(crate) fn issue(
        self: &Arc<Self>,
        tenant: TenantId,
        user: UserId,
        within: Within,
    ) -> Result<Issued, Fault> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(Fault::internal)?;
        let text = format!("{PREFIX}{}", data_encoding::HEXLOWER.encode(&secret));
        let holder = Holder {
            tenant,
            user,
            within,
        };
        let mut passes = self.0.lock().expect("no holder panics");
        passes.insert(blake3::hash(text.as_bytes()), holder);
        Ok(Issued {
            text,
            passes: Arc::clone(self),
        })
    }

    fn holder(&self, hash: &blake3::Hash) -> Option<Holder> {
        let passes = self.0.lock().expect("no holder panics");
        passes.get(hash).cloned()
    }
}

impl Drop for Issued {
    fn drop(&mut self) {
        let mut passes = self.passes.0.lock().expect("no holder panics");
        passes.remove(&blake3::hash(self.text.as_bytes()));
    }
}

impl Tenants {
    /// Returns whose pass a token is, if it is one. What its user may do is what the database says at this moment.
    pub(super) async fn pass_caller(
        &self,
        token: &str,
        address: std::net::IpAddr,
    ) -> Result<Option<Caller>, Fault> {
        if !token.starts_with(PREFIX) {
            return Ok(None);
        }
        let hash = blake3::hash(token.as_bytes());
        let refused = |message| Fault::new(ErrorCode::NotAuthenticated, message);
        let holder = self
            .passes
            .holder(&hash)
            .ok_or_else(|| refused("The pass is not known, or no longer."))?;
        let now = self.store.user_standing(holder.tenant, holder.user).await?;
        let now = now.ok_or_else(|| refused("The pass's user is gone."))?;
        let active = name(&Standing::Active);
        if now.user_standing != active || now.tenant_standing != active {
            return Err(refused("The pass's user or tenant is suspended."));
        }
        Ok(Some(Caller {
            tenant: holder.tenant,
            user: holder.user,
            role: stored(&now.role)?,
            scopes: Some(vec![Scope::Read, Scope::Write, Scope::Run]),
            key: None,
            key_prefix: None,
            pass: Some(Pass {
                hash,
                within: holder.within,
            }),
            address,
        }))
    }

    /// Tells whether a pass still counts, and its user may do what they might.
    pub(super) async fn holds(&self, pass: &Pass, caller: &Caller) -> Result<bool, Fault> {
        if self.passes.holder(&pass.hash).is_none() {
            return Ok(false);
        }
        let now = self.store.user_standing(caller.tenant, caller.user).await?;
        let active = name(&Standing::Active);
        Ok(now.is_some_and(|now| {
            now.user_standing == active
                && now.tenant_standing == active
                && now.role == name(&caller.role)
        }))
    }
}
