//! Clients behind a proxy: what is said of them counts when a trusted proxy says it.

use reqwest::Method;
use serde_json::json;

use crate::support::service::{Answered, Service, answered};

/// Returns the address that the audit log has of somebody who made a user with these headers.
async fn address(service: &Service, name: &str, headers: &[(&str, &str)]) -> String {
    let mut request = service.request(Method::POST, "/users");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = json!({"name": name, "role": "viewer"});
    answered(request.json(&body)).await.expect(201);
    let audit = service.get("/audit?action=user_create").await.expect(200);
    audit["items"][0]["address"]
        .as_str()
        .expect("an address")
        .to_owned()
}

/// Asks without a token, as somebody behind a proxy.
async fn ask(service: &Service, client: &str) -> Answered {
    let request = service.anonymous(Method::GET, "/api/v1/sessions");
    answered(request.header("x-forwarded-for", client)).await
}

#[tokio::test]
async fn the_audit_log_has_the_address_that_a_trusted_proxy_tells_and_no_other() {
    let service =
        Service::start_with(&[("server.trusted_proxies", r#"["127.0.0.0/8", "10.0.0.0/8"]"#)]);
    let behind = ("x-forwarded-for", "203.0.113.7");
    assert_eq!(address(&service, "a", &[behind]).await, "203.0.113.7");
    let chain = ("x-forwarded-for", "198.51.100.1, 203.0.113.7, 10.1.2.3");
    assert_eq!(
        address(&service, "b", &[chain]).await,
        "203.0.113.7",
        "what the client made up is passed over"
    );
    let other = ("forwarded", "for=198.51.100.1");
    assert_eq!(
        address(&service, "c", &[other]).await,
        "127.0.0.1",
        "its proxy writes the other header"
    );
    assert_eq!(
        address(&service, "d", &[behind, other]).await,
        "203.0.113.7"
    );
    let service = Service::start_with(&[
        ("server.trusted_proxies", r#"["127.0.0.1"]"#),
        ("server.proxy_header", "forwarded"),
    ]);
    let told = (
        "forwarded",
        "for=198.51.100.1, for=\"[2001:db8::7]:4711\";proto=https",
    );
    assert_eq!(address(&service, "a", &[told, behind]).await, "2001:db8::7");
    // Nobody is trusted where nothing is configured, nor who calls from elsewhere.
    for trusted in ["[]", r#"["192.0.2.0/24"]"#] {
        let service = Service::start_with(&[("server.trusted_proxies", trusted)]);
        assert_eq!(
            address(&service, "a", &[behind, other]).await,
            "127.0.0.1",
            "{trusted}"
        );
    }
}

#[tokio::test]
async fn the_rate_limit_counts_clients_and_cannot_be_got_round_by_a_header() {
    let settings = [
        ("server.requests_per_second", "1"),
        ("server.request_burst", "3"),
    ];
    let proxied = [
        settings[0],
        settings[1],
        ("server.trusted_proxies", r#"["127.0.0.1"]"#),
    ];
    let service = Service::start_with(&proxied);
    for client in 1..=6 {
        ask(&service, &format!("203.0.113.{client}"))
            .await
            .refused(401, 50301);
    }
    let mut last = ask(&service, "203.0.113.99").await;
    for made_up in 0..9 {
        last = ask(&service, &format!("198.51.100.{made_up}, 203.0.113.99")).await;
    }
    last.refused(429, 50207);
    let service = Service::start_with(&settings);
    let mut last = ask(&service, "203.0.113.1").await;
    for client in 2..=12 {
        last = ask(&service, &format!("203.0.113.{client}")).await;
    }
    last.refused(429, 50207);
}

#[tokio::test]
async fn the_scheme_that_a_trusted_proxy_tells_is_the_services_own() {
    let project = async |service: &Service, name: &str, origin: &str| {
        let request = service.request(Method::POST, "/projects");
        let origin = format!("{origin}://{}", service.address);
        let request = request
            .header("x-forwarded-proto", "https")
            .header("origin", origin);
        answered(request.json(&json!({"name": name}))).await
    };
    let service = Service::start_with(&[("server.trusted_proxies", r#"["127.0.0.1"]"#)]);
    project(&service, "a", "https").await.expect(201);
    project(&service, "b", "http").await.refused(403, 50304);
    let service = Service::start();
    project(&service, "a", "http").await.expect(201);
}
