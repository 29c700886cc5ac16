//! The browser notebook as it is served: what it may do in a browser, and how long it is kept there.

use reqwest::Method;

use crate::support::service::Service;

async fn got(service: &Service, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
    let mut request = service.anonymous(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("it answers")
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    let value = response.headers().get(name);
    value.and_then(|value| value.to_str().ok()).unwrap_or("")
}

#[tokio::test]
async fn the_page_runs_its_own_scripts_alone_and_its_files_are_kept() {
    let service = Service::start();
    let html = ("accept", "text/html");
    let page = got(&service, "/", &[html]).await;
    assert_eq!(page.status(), 200);
    let policy = header(&page, "content-security-policy");
    for rule in [
        "default-src 'none'",
        "script-src 'self';",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert_eq!(header(&page, "cache-control"), "no-cache");
    let tag = header(&page, "etag").to_owned();
    let text = page.text().await.expect("a page");
    // A view of the page is at an address of its own.
    let view = got(&service, "/notebooks/any", &[html]).await;
    assert_eq!(view.text().await.expect("a page"), text);
    let again = got(&service, "/", &[html, ("if-none-match", &tag)]).await;
    assert_eq!(again.status(), 304);
    let script = text
        .split('"')
        .find(|part| part.starts_with("/assets/") && part.ends_with(".js"));
    let script = got(&service, script.expect("the page has a script"), &[]).await;
    assert_eq!(script.status(), 200);
    assert!(header(&script, "cache-control").contains("immutable"));
    assert!(header(&script, "content-type").contains("javascript"));
}

#[tokio::test]
async fn outputs_are_framed_without_an_origin_or_a_network() {
    let service = Service::start();
    let frame = got(&service, "/frame.html", &[]).await;
    assert_eq!(frame.status(), 200);
    let policy = header(&frame, "content-security-policy");
    for rule in [
        "sandbox allow-scripts;",
        "default-src 'none'",
        "frame-ancestors 'self'",
    ] {
        assert!(policy.contains(rule), "{policy}");
    }
    for forbidden in ["allow-same-origin", "connect-src", "http:", "https:"] {
        assert!(!policy.contains(forbidden), "{policy}");
    }
}

#[tokio::test]
async fn what_is_no_view_is_not_answered_with_the_page() {
    let service = Service::start();
    let html = ("accept", "text/html");
    for (path, headers) in [
        ("/api/v1/nothing", &[html][..]),
        ("/assets/nothing.js", &[][..]),
        ("/../Cargo.toml", &[][..]),
    ] {
        assert_eq!(got(&service, path, headers).await.status(), 404, "{path}");
    }
    let posted = service.anonymous(Method::POST, "/notebooks/any");
    let posted = posted.send().await.expect("it answers");
    assert_eq!(posted.status(), 404);
}
