//! `/tenants` and `/users`: who may add whom, and that nobody sees another tenant.

use serde_json::json;

use crate::support::people::text;
use crate::support::service::Service;

#[tokio::test]
async fn a_local_service_has_one_tenant_and_works_the_same() {
    let service = Service::start();
    let me = service.get("/users/me").await.expect(200);
    assert_eq!(me["role"], "admin");
    assert_eq!(me["key_id"], json!(null));
    let users = service.get("/users").await.expect(200);
    assert_eq!(users["items"][0]["id"], me["user_id"]);
    let tenants = service.get("/tenants").await.expect(200);
    assert_eq!(tenants["items"][0]["id"], me["tenant_id"]);
    // A second tenant is a decision of the operator.
    service
        .post("/tenants", json!({"name": "acme", "admin": "ada"}))
        .await
        .refused(403, 50302);
    // The user of the local token stays who it is.
    let local = format!("/users/{}", text(&me["user_id"]));
    service
        .patch(&local, json!({"role": "viewer"}))
        .await
        .refused(403, 50302);
    service.delete(&local).await.refused(403, 50302);
}

#[tokio::test]
async fn the_local_user_is_the_same_after_a_restart_and_without_its_file() {
    let mut service = Service::start();
    let me = service.get("/users/me").await.expect(200);
    let old = service.token.clone();
    service.kill_and_restart();
    assert_eq!(service.token, old);
    assert_eq!(service.get("/users/me").await.expect(200), me);
    std::fs::remove_file(service.data().join("local.json")).expect("it is there");
    service.kill_and_restart();
    assert_ne!(service.token, old, "a new token");
    assert_eq!(
        service.get("/users/me").await.expect(200),
        me,
        "for the same user"
    );
}

#[tokio::test]
async fn users_come_change_and_go_and_one_admin_stays() {
    let service = Service::start_with_tenants(&[]);
    let admin = service.tenant("acme").await;
    let ada = service.user(&admin, "ada", "member").await;
    admin
        .post(&service, "/users", json!({"name": "ada", "role": "viewer"}))
        .await
        .refused(409, 50402);
    let path = format!("/users/{}", ada.user);
    let changed = admin
        .patch(&service, &path, json!({"name": "Ada", "role": "auditor"}))
        .await
        .expect(200);
    assert_eq!(
        (text(&changed["name"]), text(&changed["role"])),
        ("Ada".into(), "auditor".into())
    );
    assert_eq!(
        ada.get(&service, "/users/me").await.expect(200)["role"],
        "auditor"
    );

    // Suspended users are told so, and come back.
    admin
        .patch(&service, &path, json!({"standing": "suspended"}))
        .await
        .expect(200);
    let refusal = ada.get(&service, "/users/me").await.refused(401, 50301);
    assert_eq!(refusal["message"], "The user is suspended.");
    admin
        .patch(&service, &path, json!({"standing": "active"}))
        .await
        .expect(200);
    ada.get(&service, "/users/me").await.expect(200);

    // The last admin can neither step down, be suspended nor leave; one of two can.
    let own = format!("/users/{}", admin.user);
    admin
        .patch(&service, &own, json!({"role": "member"}))
        .await
        .refused(409, 50306);
    admin
        .patch(&service, &own, json!({"standing": "suspended"}))
        .await
        .refused(409, 50306);
    admin.delete(&service, &own).await.refused(409, 50306);
    admin.get(&service, "/users").await.expect(200);
    admin
        .patch(&service, &path, json!({"role": "admin"}))
        .await
        .expect(200);
    ada.delete(&service, &own).await.expect(204);
    admin.get(&service, "/users/me").await.refused(401, 50301);
    ada.get(&service, &own).await.refused(404, 50410);
}

#[tokio::test]
async fn requests_that_are_wrong_name_the_field() {
    let service = Service::start();
    for (body, field) in [
        (json!({"name": "a"}), "role"),
        (json!({"name": "", "role": "viewer"}), "name"),
        (json!({"name": "a\u{202e}b", "role": "viewer"}), "name"),
        (json!({"name": "a".repeat(65), "role": "viewer"}), "name"),
        (json!({"name": "a", "role": "king"}), "role"),
        (
            json!({"name": "a", "role": "viewer", "tenant_id": "x"}),
            "tenant_id",
        ),
    ] {
        let refusal = service
            .post("/users", body.clone())
            .await
            .refused(422, 50202);
        assert!(
            refusal["message"]
                .as_str()
                .is_some_and(|told| told.contains(field)),
            "{body}: {refusal}"
        );
    }
    service.get("/users?limit=0").await.refused(422, 50202);
    service.get("/users?unknown=1").await.refused(422, 50202);
    service.get("/users/not-an-id").await.refused(404, 50410);
    service
        .post("/users", json!({"name": "a", "role": "viewer"}))
        .await
        .expect(201);
}

#[tokio::test]
async fn another_tenants_things_are_as_if_they_were_not_there() {
    let service = Service::start_with_tenants(&[]);
    let (ours, theirs) = (service.tenant("ours").await, service.tenant("theirs").await);
    let (user, key) = (
        format!("/users/{}", ours.user),
        format!("/keys/{}", ours.key_id),
    );
    let nothing = "/users/0190b5a8-0000-7000-8000-000000000000";
    let refusal = theirs.get(&service, &user).await.refused(404, 50410);
    let missing = theirs.get(&service, nothing).await.refused(404, 50410);
    assert_eq!(refusal["title"], missing["title"]);
    theirs
        .patch(&service, &user, json!({"role": "viewer"}))
        .await
        .refused(404, 50410);
    theirs.delete(&service, &user).await.refused(404, 50410);
    theirs.get(&service, &key).await.refused(404, 50411);
    theirs.delete(&service, &key).await.refused(404, 50411);
    theirs
        .post(&service, &format!("{key}/rotate"), json!({}))
        .await
        .refused(404, 50411);
    theirs
        .post(
            &service,
            "/keys",
            json!({"name": "x", "user_id": ours.user}),
        )
        .await
        .refused(404, 50410);
    let listed = theirs
        .get(&service, &format!("/keys?user_id={}", ours.user))
        .await
        .expect(200);
    assert_eq!(listed["items"], json!([]));
    let users = theirs.get(&service, "/users").await.expect(200);
    assert!(!users.to_string().contains(&ours.user), "{users}");
    theirs
        .get(&service, &format!("/quotas?tenant_id={}", ours.tenant))
        .await
        .refused(403, 50302);
    // The control: their owner finds them.
    ours.get(&service, &user).await.expect(200);
    ours.get(&service, &key).await.expect(200);
}

#[tokio::test]
async fn nobody_of_a_suspended_tenant_comes_in() {
    let service = Service::start_with_tenants(&[]);
    let (admin, other) = (service.tenant("acme").await, service.tenant("other").await);
    let path = format!("/tenants/{}", admin.tenant);
    admin
        .patch(&service, &path, json!({"standing": "active"}))
        .await
        .refused(403, 50302);
    service
        .patch(&path, json!({"standing": "suspended"}))
        .await
        .expect(200);
    admin.get(&service, "/users/me").await.refused(401, 50301);
    other.get(&service, "/users/me").await.expect(200);
    service
        .patch(&path, json!({"standing": "active"}))
        .await
        .expect(200);
    admin.get(&service, "/users/me").await.expect(200);
    // The operator cannot lock themselves out.
    let own = text(&service.get("/users/me").await.expect(200)["tenant_id"]);
    service
        .patch(&format!("/tenants/{own}"), json!({"standing": "suspended"}))
        .await
        .refused(403, 50302);
    service
        .post("/tenants", json!({"name": "acme", "admin": "x"}))
        .await
        .refused(409, 50402);
}

#[tokio::test]
async fn quotas_are_the_operators_to_set() {
    let service = Service::start_with_tenants(&[("quotas.sessions", "7")]);
    let admin = service.tenant("acme").await;
    assert_eq!(
        admin.get(&service, "/quotas").await.expect(200)["sessions"],
        7
    );
    let more = json!({"tenant_id": admin.tenant, "sessions": 9});
    let request = admin
        .request(&service, reqwest::Method::PUT, "/quotas")
        .json(&more);
    crate::support::service::answered(request)
        .await
        .refused(403, 50302);
    let set = service.put_json("/quotas", more).await.expect(200);
    assert_eq!(set["sessions"], 9);
    assert_eq!(
        admin.get(&service, "/quotas").await.expect(200)["sessions"],
        9
    );
    let usage = admin.get(&service, "/usage").await.expect(200);
    assert_eq!(
        usage["now"][0],
        json!({"resource": "sessions", "used": 0, "limit": 9})
    );
    service
        .put_json("/quotas", json!({"sessions": 1_u64 << 60}))
        .await
        .refused(422, 50202);
    service
        .put_json("/quotas", json!({"sessions": -1}))
        .await
        .refused(422, 50202);
    let nobody = "0190b5a8-0000-7000-8000-000000000000";
    service
        .put_json("/quotas", json!({"tenant_id": nobody}))
        .await
        .refused(404, 50412);
}
