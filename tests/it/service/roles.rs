//! Every address and everybody who may come: a table says what each address needs, and the OpenAPI
//! document says which addresses there are. An address without a row fails the test.

use reqwest::Method;
use serde_json::json;

use crate::support::people::Person;
use crate::support::service::{Answered, Service, answered};

/// What an address needs of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing: everybody may.
    Nothing,
    /// Any token that counts.
    Token,
    Read,
    Write,
    Run,
    Audit,
    Admin,
    /// An admin of the operator's own tenant.
    Operator,
}

use Needs::{Admin, Audit, Nothing, Operator, Read, Run, Token, Write};

/// What each address needs, in the order of the router.
const ROUTES: &[(&str, &str, Needs)] = &[
    ("get", "/health", Nothing),
    ("get", "/ready", Nothing),
    ("get", "/metrics", Operator),
    ("get", "/api", Nothing),
    ("get", "/api/status", Read),
    ("get", "/api/me", Token),
    ("get", "/api/kernelspecs", Read),
    ("get", "/api/kernelspecs/{name}", Read),
    ("get", "/kernelspecs/{name}/{file}", Read),
    ("get", "/api/kernels", Read),
    ("post", "/api/kernels", Run),
    ("get", "/api/kernels/{kernel_id}", Read),
    ("delete", "/api/kernels/{kernel_id}", Run),
    ("post", "/api/kernels/{kernel_id}/interrupt", Run),
    ("post", "/api/kernels/{kernel_id}/restart", Run),
    ("get", "/api/kernels/{kernel_id}/channels", Run),
    ("get", "/api/sessions", Read),
    ("post", "/api/sessions", Run),
    ("get", "/api/sessions/{session}", Read),
    ("patch", "/api/sessions/{session}", Run),
    ("delete", "/api/sessions/{session}", Run),
    ("get", "/api/contents", Read),
    ("post", "/api/contents", Write),
    ("get", "/api/contents/{path}", Read),
    ("post", "/api/contents/{path}", Write),
    ("put", "/api/contents/{path}", Write),
    ("patch", "/api/contents/{path}", Write),
    ("delete", "/api/contents/{path}", Write),
    ("get", "/files/{path}", Read),
    ("get", "/api/v1/images", Read),
    ("post", "/api/v1/sessions", Run),
    ("get", "/api/v1/sessions", Read),
    ("get", "/api/v1/sessions/{session_id}", Read),
    ("patch", "/api/v1/sessions/{session_id}", Run),
    ("delete", "/api/v1/sessions/{session_id}", Run),
    ("post", "/api/v1/sessions/{session_id}/interrupt", Run),
    ("post", "/api/v1/sessions/{session_id}/restart", Run),
    ("post", "/api/v1/sessions/{session_id}/hibernate", Run),
    ("post", "/api/v1/sessions/{session_id}/wake", Run),
    ("post", "/api/v1/sessions/{session_id}/fork", Run),
    ("post", "/api/v1/sessions/{session_id}/input", Run),
    ("post", "/api/v1/sessions/{session_id}/execute", Run),
    ("get", "/api/v1/sessions/{session_id}/executions", Read),
    (
        "get",
        "/api/v1/sessions/{session_id}/executions/{execution_id}",
        Read,
    ),
    ("get", "/api/v1/sessions/{session_id}/channel", Run),
    ("get", "/api/v1/sessions/{session_id}/checkpoints", Read),
    ("post", "/api/v1/sessions/{session_id}/checkpoints", Run),
    (
        "get",
        "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}",
        Read,
    ),
    (
        "patch",
        "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}",
        Run,
    ),
    (
        "post",
        "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}/restore",
        Run,
    ),
    (
        "post",
        "/api/v1/sessions/{session_id}/executions/{execution_id}/undo",
        Run,
    ),
    (
        "get",
        "/api/v1/sessions/{session_id}/checkpoints/{checkpoint_id}/diff/{other_id}",
        Read,
    ),
    ("get", "/api/v1/sessions/{session_id}/variables", Read),
    (
        "get",
        "/api/v1/sessions/{session_id}/variables/{name}",
        Read,
    ),
    ("get", "/api/v1/sessions/{session_id}/tables/{name}", Read),
    ("post", "/api/v1/sessions/{session_id}/complete", Run),
    ("post", "/api/v1/sessions/{session_id}/inspect", Run),
    ("post", "/api/v1/sessions/{session_id}/is_complete", Run),
    ("post", "/api/v1/complete", Run),
    ("post", "/api/v1/inspect", Run),
    ("post", "/api/v1/format", Run),
    ("post", "/api/v1/lint", Run),
    ("get", "/api/v1/templates", Read),
    ("get", "/api/v1/templates/{id}", Read),
    ("post", "/api/v1/templates/{id}/render", Read),
    ("post", "/api/v1/execute", Run),
    ("get", "/api/v1/quarantine", Admin),
    ("delete", "/api/v1/quarantine/{code_hash}", Admin),
    ("post", "/api/v1/sessions/{session_id}/export", Run),
    (
        "get",
        "/api/v1/sessions/{session_id}/exports/{export_id}/{number}",
        Read,
    ),
    ("post", "/api/v1/projects", Write),
    ("get", "/api/v1/projects", Read),
    ("get", "/api/v1/projects/{id}", Read),
    ("patch", "/api/v1/projects/{id}", Write),
    ("delete", "/api/v1/projects/{id}", Write),
    ("get", "/api/v1/projects/{id}/secrets", Write),
    ("put", "/api/v1/projects/{id}/secrets/{name}", Write),
    ("delete", "/api/v1/projects/{id}/secrets/{name}", Write),
    ("post", "/api/v1/environments", Write),
    ("get", "/api/v1/environments", Read),
    ("get", "/api/v1/environments/{id}", Read),
    ("patch", "/api/v1/environments/{id}", Write),
    ("delete", "/api/v1/environments/{id}", Write),
    ("get", "/api/v1/environments/{id}/jupyter", Read),
    ("post", "/api/v1/environments/{id}/jupyter/start", Run),
    ("post", "/api/v1/environments/{id}/jupyter/stop", Run),
    ("get", "/api/v1/projects/{id}/files", Read),
    ("post", "/api/v1/projects/{id}/files", Write),
    ("get", "/api/v1/projects/{id}/files/{path}", Read),
    ("put", "/api/v1/projects/{id}/files/{path}", Write),
    ("post", "/api/v1/projects/{id}/files/{path}", Write),
    ("patch", "/api/v1/projects/{id}/files/{path}", Write),
    ("delete", "/api/v1/projects/{id}/files/{path}", Write),
    ("post", "/api/v1/uploads", Write),
    ("head", "/api/v1/uploads/{id}", Read),
    ("get", "/api/v1/uploads/{id}", Read),
    ("patch", "/api/v1/uploads/{id}", Write),
    ("delete", "/api/v1/uploads/{id}", Write),
    ("post", "/api/v1/notebooks", Write),
    ("get", "/api/v1/notebooks", Read),
    ("get", "/api/v1/notebooks/{id}", Read),
    ("patch", "/api/v1/notebooks/{id}", Write),
    ("delete", "/api/v1/notebooks/{id}", Write),
    ("post", "/api/v1/notebooks/{id}/undo", Write),
    ("post", "/api/v1/notebooks/{id}/redo", Write),
    ("post", "/api/v1/notebooks/import", Write),
    ("get", "/api/v1/notebooks/{id}/export", Read),
    ("get", "/api/v1/notebooks/{id}/outputs/{hash}", Read),
    ("get", "/api/v1/notebooks/{id}/status", Read),
    ("get", "/api/v1/notebooks/{id}/context", Read),
    ("get", "/api/v1/notebooks/{id}/updates", Read),
    ("post", "/api/v1/notebooks/{id}/updates/ack", Read),
    ("post", "/api/v1/notebooks/{id}/execute", Run),
    ("post", "/api/v1/notebooks/{id}/comm", Run),
    ("post", "/api/v1/notebooks/{id}/fork", Run),
    ("get", "/api/v1/ws/notebooks/{id}", Read),
    ("get", "/api/v1/ws/events", Read),
    ("get", "/api/v1/events", Read),
    ("get", "/api/v1/notebooks/{id}/cells", Read),
    ("post", "/api/v1/notebooks/{id}/cells", Write),
    ("get", "/api/v1/notebooks/{id}/cells/{cell}", Read),
    ("patch", "/api/v1/notebooks/{id}/cells/{cell}", Write),
    ("delete", "/api/v1/notebooks/{id}/cells/{cell}", Write),
    ("post", "/api/v1/notebooks/{id}/cells/{cell}/move", Write),
    ("post", "/api/v1/notebooks/{id}/cells/{cell}/split", Write),
    ("post", "/api/v1/notebooks/{id}/cells/{cell}/merge", Write),
    ("post", "/api/v1/notebooks/{id}/clear_outputs", Write),
    (
        "post",
        "/api/v1/notebooks/{id}/cells/{cell_id}/restore",
        Run,
    ),
    ("get", "/api/v1/system", Admin),
    ("get", "/api/v1/tenants", Operator),
    ("post", "/api/v1/tenants", Operator),
    ("get", "/api/v1/tenants/{id}", Operator),
    ("patch", "/api/v1/tenants/{id}", Operator),
    ("get", "/api/v1/users/me", Token),
    ("get", "/api/v1/users", Admin),
    ("post", "/api/v1/users", Admin),
    ("get", "/api/v1/users/{id}", Admin),
    ("patch", "/api/v1/users/{id}", Admin),
    ("delete", "/api/v1/users/{id}", Admin),
    ("get", "/api/v1/keys", Admin),
    ("post", "/api/v1/keys", Admin),
    ("get", "/api/v1/keys/{id}", Admin),
    ("delete", "/api/v1/keys/{id}", Admin),
    ("post", "/api/v1/keys/{id}/rotate", Admin),
    ("get", "/api/v1/quotas", Read),
    ("put", "/api/v1/quotas", Operator),
    ("patch", "/api/v1/quotas", Operator),
    ("get", "/api/v1/usage", Read),
    ("get", "/api/v1/audit", Audit),
    ("get", "/api/v1/audit/head", Audit),
];

/// Somebody who calls, and what they may do; `None` for who is not known.
struct Who {
    name: &'static str,
    token: Option<String>,
    may: Option<&'static [Needs]>,
    /// The code of the refusal of what they may not.
    refusal: u32,
}

const NOT_AUTHENTICATED: u32 = 50301;
const NOT_ALLOWED: u32 = 50302;
const SCOPE_MISSING: u32 = 50303;

async fn everybody(service: &Service, admin: &Person) -> Vec<Who> {
    let known = |name, person: &Person, may, refusal| Who {
        name,
        token: Some(person.key.clone()),
        may: Some(may),
        refusal,
    };
    let unknown = |name, token| Who {
        name,
        token,
        may: None,
        refusal: NOT_AUTHENTICATED,
    };
    let viewer = service.user(admin, "viewer", "viewer").await;
    let member = service.user(admin, "member", "member").await;
    let auditor = service.user(admin, "auditor", "auditor").await;
    let narrow = admin
        .key_for(service, json!({"name": "narrow", "scopes": ["read"]}))
        .await;
    let revoked = admin.key_for(service, json!({"name": "revoked"})).await;
    revoked.get(service, "/users/me").await.expect(200);
    admin
        .delete(service, &format!("/keys/{}", revoked.key_id))
        .await
        .expect(204);
    vec![
        unknown("nobody", None),
        unknown("a bad token", Some("bad".into())),
        unknown(
            "a bad key",
            Some(format!("cb_0123456789ab_{}", "0".repeat(48))),
        ),
        unknown("a revoked key", Some(revoked.key)),
        known("a viewer", &viewer, &[Token, Read], NOT_ALLOWED),
        known("a member", &member, &[Token, Read, Write, Run], NOT_ALLOWED),
        known("an auditor", &auditor, &[Token, Audit], NOT_ALLOWED),
        known("a key for reading", &narrow, &[Token, Read], SCOPE_MISSING),
        known(
            "an admin",
            admin,
            &[Token, Read, Write, Run, Audit, Admin],
            NOT_ALLOWED,
        ),
        Who {
            name: "the operator",
            token: Some(service.token.clone()),
            may: Some(&[Token, Read, Write, Run, Audit, Admin, Operator]),
            refusal: NOT_ALLOWED,
        },
    ]
}

/// Sends a request without a body to an address, with ids of nothing in it.
async fn call(service: &Service, method: &str, path: &str, token: Option<&str>) -> Answered {
    let method: Method = method.to_uppercase().parse().expect("a method");
    let mut path = path.to_owned();
    while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(start..=end, "0190b5a8-0000-7000-8000-000000000000");
    }
    let mut request = service.anonymous(method, &path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if path != "/api/v1/events" {
        return answered(request).await;
    }
    // Let in, one hears without an end.
    let response = request.send().await.expect("the service answers");
    let (status, headers) = (response.status(), response.headers().clone());
    let body = match status.as_u16() {
        200 => json!(null),
        _refused => response.json().await.expect("a problem"),
    };
    Answered {
        status,
        headers,
        body,
    }
}

#[tokio::test]
async fn every_address_lets_in_whom_the_table_says_and_nobody_else() {
    let service = Service::start_with_tenants(&[("server.request_burst", "100000")]);
    let admin = service.tenant("acme").await;
    let everybody = everybody(&service, &admin).await;
    let document = answered(service.anonymous(Method::GET, "/openapi.json"))
        .await
        .expect(200);
    let mut addresses = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item.as_object().expect("methods").keys() {
            addresses.push((method.clone(), path.clone()));
        }
    }
    for (method, path, _) in ROUTES {
        let there = addresses
            .iter()
            .any(|address| address.0 == *method && address.1 == *path);
        assert!(
            there,
            "{method} {path} is in the table and not in the document"
        );
    }
    for (method, path) in addresses {
        let row = ROUTES.iter().find(|row| row.0 == method && row.1 == path);
        let (.., needs) =
            row.unwrap_or_else(|| panic!("{method} {path} has no row: say what it needs"));
        for Who {
            name,
            token,
            may,
            refusal,
        } in &everybody
        {
            let answer = call(&service, &method, &path, token.as_deref()).await;
            // The answer to HEAD has no body that could say a code.
            let code = |refusal| {
                if method == "head" {
                    json!(refusal)
                } else {
                    answer.body["code"].clone()
                }
            };
            let (status, code) = (answer.status.as_u16(), code(*refusal));
            let told = format!("{method} {path} by {name}: {status} {code}");
            match may {
                _ if *needs == Nothing => assert_eq!(status, 200, "{told}"),
                None => assert_eq!((status, code), (401, json!(refusal)), "{told}"),
                Some(may) if !may.contains(needs) => {
                    assert_eq!((status, code), (403, json!(refusal)), "{told}")
                }
                // What is asked for is not there, or the body or a header is missing. A kernel needs none.
                Some(_) => assert!(
                    [200, 201, 400, 404, 405, 412, 415, 422, 426].contains(&status),
                    "{told}"
                ),
            }
        }
    }
}
