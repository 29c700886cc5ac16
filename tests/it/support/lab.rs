//! An environment with a real JupyterLab in it, and a browser that looks at it.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::service::{Answered, Service, answered};

/// A JupyterLab that runs, and a browser's cookie for it.
pub struct Lab {
    pub service: Service,
    pub environment: String,
    pub project: String,
    pub cookie: String,
}

pub async fn environment(service: &Service) -> (String, String) {
    let project = service.project("work").await;
    let body = json!({"name": "lab", "project_id": project});
    let made = service.post("/environments", body).await.expect(201);
    (made["id"].as_str().expect("an id").to_owned(), project)
}

pub async fn state(service: &Service, environment: &str) -> Value {
    let path = format!("/environments/{environment}/jupyter");
    service.get(&path).await.expect(200)
}

/// Waits until JupyterLab is in a state.
pub async fn until(service: &Service, environment: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..6000 {
        let state = state(service, environment).await;
        if wanted(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {:#}", state(service, environment).await);
}

/// A pool of ports for one test.
fn ports(first: u16) -> [(&'static str, String); 2] {
    [
        ("jupyter.first_port", first.to_string()),
        ("jupyter.last_port", (first + 20).to_string()),
    ]
}

pub fn started(first: u16) -> Service {
    let ports = ports(first);
    let settings: Vec<_> = ports
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    Service::start_with(&settings)
}

pub fn browser() -> reqwest::Client {
    let policy = reqwest::redirect::Policy::none();
    reqwest::Client::builder()
        .redirect(policy)
        .build()
        .expect("a client")
}

impl Lab {
    pub async fn start(first: u16) -> Self {
        Self::start_with(first, json!({})).await
    }

    pub async fn start_with(first: u16, wanted: Value) -> Self {
        let service = started(first);
        let (environment, project) = environment(&service).await;
        let path = format!("/environments/{environment}/jupyter/start");
        service.post(&path, wanted).await.expect(202);
        let state = until(&service, &environment, |state| {
            assert_ne!(state["state"], "failed", "{state:#}");
            state["state"] == "running"
        })
        .await;
        assert_eq!(state["address"], format!("/env-{environment}/lab"));
        let mut lab = Self {
            service,
            environment,
            project,
            cookie: String::new(),
        };
        lab.cookie = lab.enter().await;
        lab
    }

    /// Comes as a browser does: with the page's token, and is sent to another origin and given a cookie.
    pub async fn enter(&self) -> String {
        let Self {
            service,
            environment,
            ..
        } = self;
        let first = format!(
            "http://{}/env-{environment}/lab?token={}",
            service.address, service.token
        );
        let sent = browser().get(first).send().await.expect("an answer");
        assert_eq!(sent.status(), 303);
        let location = sent.headers()[header::LOCATION]
            .to_str()
            .expect("text")
            .to_owned();
        let port = service.address.rsplit_once(':').expect("a port").1;
        let rest = location
            .strip_prefix(&format!("//lab.localhost:{port}"))
            .expect("another origin");
        assert!(
            !rest.contains(&service.token),
            "the user's own token goes no further"
        );
        let second = browser().get(format!("http://{}{rest}", service.address));
        let given = second
            .header(header::HOST, self.host())
            .header(header::COOKIE, &self.cookie)
            .send()
            .await
            .expect("an answer");
        assert_eq!(given.status(), 303);
        assert_eq!(
            given.headers()[header::LOCATION],
            format!("/env-{environment}/lab")
        );
        let cookie = given.headers()[header::SET_COOKIE].to_str().expect("text");
        assert!(
            cookie.contains(&format!("Path=/env-{environment}/; HttpOnly")),
            "{cookie}"
        );
        cookie.split(';').next().expect("a pair").to_owned()
    }

    pub fn host(&self) -> String {
        let port = self.service.address.rsplit_once(':').expect("a port").1;
        format!("lab.localhost:{port}")
    }

    /// Asks as JupyterLab's pages do.
    pub fn ask(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let path = format!("/env-{}/{path}", self.environment);
        let request = self.service.anonymous(method, &path);
        request
            .header(header::HOST, self.host())
            .header(header::COOKIE, &self.cookie)
    }

    pub async fn get(&self, path: &str) -> Answered {
        answered(self.ask(Method::GET, path)).await
    }

    /// Returns the id of its process.
    pub fn process(&self) -> Option<i32> {
        process_of(&self.environment)
    }
}

/// Returns the process of an environment's JupyterLab, as its command line names it.
pub fn process_of(environment: &str) -> Option<i32> {
    let wanted = format!("--ServerApp.base_url=/env-{environment}/");
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    processes
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .find(|id: &i32| {
            let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
            line.split(|byte| *byte == 0)
                .any(|part| part == wanted.as_bytes())
        })
}
