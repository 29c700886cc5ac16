//! Tests of the accounts as they are stored and found again.

use super::*;
use crate::error_code::ErrorCode;
use crate::store::tenants::{TenantRow, UserRow};

async fn opened(folder: &std::path::Path, tenant: TenantId) -> (Store, Quotas) {
    let store = Store::open(None, folder).await.expect("a database");
    let row = TenantRow {
        id: tenant.to_string(),
        name: "acme".into(),
        standing: "active".into(),
        created_at: String::new(),
    };
    let user = UserRow {
        id: "user".into(),
        tenant_id: tenant.to_string(),
        name: "ada".into(),
        role: "admin".into(),
        standing: "active".into(),
        created_at: String::new(),
    };
    store.ensure_tenant(&row, &user).await.expect("a tenant");
    let defaults = config::Quotas {
        fuel_per_day: 100,
        ..config::Quotas::default()
    };
    let quotas = Quotas::open(&store, &defaults).await.expect("they open");
    (store, quotas)
}

#[tokio::test]
async fn fuel_is_counted_stored_and_found_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = TenantId::new();
    let (store, quotas) = opened(folder.path(), tenant).await;
    quotas.may_run(tenant).expect("nothing is used");
    quotas.charge_fuel(tenant, 60);
    quotas.save().await.expect("stored");
    quotas.charge_fuel(tenant, 40);
    quotas.save().await.expect("stored");
    let day = store.fuel(tenant, 1).await.expect("asked").remove(0);
    // Unless midnight fell between, which the account would begin anew.
    if day.day == today() && day.used == 100 {
        let (_, again) = opened(folder.path(), tenant).await;
        let fault = again.may_run(tenant).expect_err("all is used");
        assert_eq!(fault.code, ErrorCode::QuotaExceeded);
        assert!(
            fault
                .retry_after
                .is_some_and(|seconds| seconds <= 24 * 3600)
        );
        assert!(again.may_run(tenant).is_err());
    }
}

#[tokio::test]
async fn what_was_set_for_a_tenant_counts_and_sessions_that_exist_stay() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = TenantId::new();
    let (store, _) = opened(folder.path(), tenant).await;
    store
        .set_quotas(
            tenant,
            &QuotaRow {
                sessions: Some(1),
                ..QuotaRow::default()
            },
        )
        .await
        .expect("set");
    let (_, quotas) = opened(folder.path(), tenant).await;
    let kept = quotas.hold(tenant, Resource::Sessions, 2);
    assert!(quotas.reserve_session(tenant).is_err());
    drop(kept);
    let _session = quotas.reserve_session(tenant).expect("there is room again");
    assert!(quotas.reserve_session(tenant).is_err());
    quotas
        .reserve_session(TenantId::new())
        .expect("another tenant's room is its own");
}

#[tokio::test]
async fn nothing_is_run_or_stored_while_the_disk_is_over_its_quota() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = TenantId::new();
    let (_, quotas) = opened(folder.path(), tenant).await;
    let limit = quotas.limits(tenant).disk;
    quotas.found(tenant, Resource::Disk, limit);
    quotas.may_run(tenant).expect("it is full and no more");
    quotas.found(tenant, Resource::Disk, limit + 1);
    let fault = quotas.may_run(tenant).expect_err("it is over");
    assert_eq!(fault.details.expect("facts")["quota"], "disk");
    assert!(quotas.may_store(tenant).is_err());
    quotas
        .may_run(TenantId::new())
        .expect("another's disk is its own");
}
