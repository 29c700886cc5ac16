//! Tenants, users and keys for tests that need more than the local user.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::service::{Answered, Service, answered};

/// A caller with a key.
#[derive(Debug, Clone)]
pub struct Person {
    pub tenant: String,
    pub user: String,
    pub key_id: String,
    pub key: String,
}

impl Service {
    /// Starts a service that has tenants, with settings besides.
    pub fn start_with_tenants(settings: &[(&str, &str)]) -> Self {
        let mut all = vec![
            ("access.mode", "tenants"),
            ("access.sign_ins_per_minute", "100000"),
        ];
        all.extend(settings);
        Self::start_with(&all)
    }

    /// Adds a tenant and returns its first admin.
    pub async fn tenant(&self, name: &str) -> Person {
        let made = self
            .post("/tenants", json!({"name": name, "admin": "first"}))
            .await
            .expect(201);
        Person {
            tenant: text(&made["tenant"]["id"]),
            user: text(&made["admin"]["id"]),
            key_id: text(&made["key"]["id"]),
            key: text(&made["key"]["secret"]),
        }
    }

    /// Adds a user with a key to the tenant of `admin`.
    pub async fn user(&self, admin: &Person, name: &str, role: &str) -> Person {
        let user = admin
            .post(self, "/users", json!({"name": name, "role": role}))
            .await
            .expect(201);
        admin
            .key_for(self, json!({"name": name, "user_id": user["id"]}))
            .await
    }
}

impl Person {
    /// Returns a request with this person's key.
    pub fn request(&self, service: &Service, method: Method, path: &str) -> RequestBuilder {
        service
            .anonymous(method, &format!("/api/v1{path}"))
            .bearer_auth(&self.key)
    }

    pub async fn get(&self, service: &Service, path: &str) -> Answered {
        answered(self.request(service, Method::GET, path)).await
    }

    pub async fn post(&self, service: &Service, path: &str, body: Value) -> Answered {
        answered(self.request(service, Method::POST, path).json(&body)).await
    }

    pub async fn patch(&self, service: &Service, path: &str, body: Value) -> Answered {
        answered(self.request(service, Method::PATCH, path).json(&body)).await
    }

    pub async fn delete(&self, service: &Service, path: &str) -> Answered {
        answered(self.request(service, Method::DELETE, path)).await
    }

    /// Makes a key as `request` asks and returns its holder.
    pub async fn key_for(&self, service: &Service, request: Value) -> Self {
        let made = self.post(service, "/keys", request).await.expect(201);
        Self {
            tenant: self.tenant.clone(),
            user: text(&made["user_id"]),
            key_id: text(&made["id"]),
            key: text(&made["secret"]),
        }
    }
}

/// Returns a JSON text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}
