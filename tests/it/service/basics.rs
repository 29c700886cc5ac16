//! What holds for every address: health, documentation, tokens, refusals.

use reqwest::Method;

use crate::support::service::{Service, answered};

#[tokio::test]
async fn a_service_lives_takes_work_and_documents_itself() {
    let service = Service::start();
    let health = answered(service.anonymous(Method::GET, "/health")).await;
    assert_eq!(health.header("x-content-type-options"), Some("nosniff"));
    assert!(health.header("x-request-id").is_some());
    assert_eq!(health.expect(200)["status"], "ok");
    answered(service.anonymous(Method::GET, "/ready"))
        .await
        .expect(200);
    let document = answered(service.anonymous(Method::GET, "/openapi.json"))
        .await
        .expect(200);
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let page = answered(service.anonymous(Method::GET, "/docs/errors"))
        .await
        .expect(200);
    assert!(page.as_str().is_some_and(|page| page.contains("50301")));
}

#[tokio::test]
async fn what_is_not_there_is_refused_as_a_problem() {
    let service = Service::start();
    let nothing = answered(service.anonymous(Method::GET, "/api/v1/nothing")).await;
    assert_eq!(
        nothing.header("content-type"),
        Some("application/problem+json")
    );
    let body = nothing.refused(404, 50205);
    assert_eq!(body["instance"], "/api/v1/nothing");
    answered(service.anonymous(Method::DELETE, "/health"))
        .await
        .refused(405, 50206);
}
