//! An agent that sends what it is told to, also what no client would.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::service::{Answered, Service, answered};

/// One side of the Model Context Protocol over HTTP.
pub struct Agent<'a> {
    service: &'a Service,
    pub token: String,
    /// The connection (MCP session), once it has begun.
    pub connection: Option<String>,
    sent: u64,
}

impl<'a> Agent<'a> {
    /// Returns an agent with a token that has not said anything yet.
    pub fn new(service: &'a Service, token: &str) -> Self {
        Self {
            service,
            token: token.to_owned(),
            connection: None,
            sent: 0,
        }
    }

    /// Returns an agent whose connection has begun.
    pub async fn connected(service: &'a Service, token: &str) -> Self {
        let mut agent = Self::new(service, token);
        let answer = agent.begin().await;
        agent.connection = answer.header("mcp-session-id").map(str::to_owned);
        assert!(agent.connection.is_some(), "{answer:?}");
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        answered(agent.request(&ready)).await.expect(202);
        agent
    }

    /// Asks for a connection.
    pub async fn begin(&mut self) -> Answered {
        let client = json!({"name": "test", "version": "1"});
        let params =
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        self.send("initialize", params).await
    }

    /// Returns a request to the address of agents.
    pub fn to(&self, method: Method) -> RequestBuilder {
        let mut request = self
            .service
            .anonymous(method, "/mcp")
            .bearer_auth(&self.token)
            .header("accept", "application/json, text/event-stream");
        if let Some(connection) = &self.connection {
            request = request.header("mcp-session-id", connection);
        }
        request
    }

    /// Returns a request with a message.
    pub fn request(&self, message: &Value) -> RequestBuilder {
        self.to(Method::POST).json(message)
    }

    /// Sends a request of the protocol and returns the answer as it is.
    pub async fn send(&mut self, method: &str, params: Value) -> Answered {
        self.sent += 1;
        let message =
            json!({"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params});
        answered(self.request(&message)).await
    }

    /// Sends a request of the protocol and returns what it is answered with.
    pub async fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.send(method, params).await.expect(200);
        let lines = answer.as_str().expect("an event stream").lines();
        let messages = lines.filter_map(|line| line.strip_prefix("data:"));
        let messages = messages.filter_map(|text| serde_json::from_str::<Value>(text).ok());
        let mut answers = messages.filter(|message| message["id"] == self.sent);
        answers
            .next()
            .unwrap_or_else(|| panic!("no answer: {answer}"))
    }

    /// Calls a tool and returns its result.
    pub async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let params = json!({"name": tool, "arguments": arguments});
        let answer = self.ask("tools/call", params).await;
        assert!(answer["result"].is_object(), "{answer:#}");
        answer["result"].clone()
    }

    /// Calls a tool that has to go well, and returns what it told.
    pub async fn told(&mut self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], false, "{result:#}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that has to refuse with this code, and returns what it said.
    pub async fn refused(&mut self, tool: &str, arguments: Value, code: u32) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result:#}");
        let text = result["content"][0]["text"].as_str().expect("a text");
        let told: Value = serde_json::from_str(text).expect("a refusal");
        assert_eq!(told["code"], code, "{told:#}");
        assert!(
            told["message"].is_string() && told["solution"].is_string(),
            "{told:#}"
        );
        told
    }

    /// Returns the names of the tools that it is shown.
    pub async fn tools(&mut self) -> Vec<String> {
        let answer = self.ask("tools/list", json!({})).await;
        let tools = answer["result"]["tools"].as_array().expect("tools");
        let name = |tool: &Value| tool["name"].as_str().expect("a name").to_owned();
        tools.iter().map(name).collect()
    }
}
