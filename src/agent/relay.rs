//! An agent's program that speaks over its own pipes, and a service that is spoken to over HTTP: messages are passed on
//! between the two as they are.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::{HeaderName, Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

/// Headers of the protocol.
const CONNECTION: HeaderName = HeaderName::from_static("mcp-session-id");
const REVISION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Where a request says its revision, in those that have no connections.
const OWN_REVISION: &str = "io.modelcontextprotocol/protocolVersion";

/// The longest message, in bytes, and the longest refusal that is read.
const LONGEST: usize = 64 << 20;
const REFUSAL: usize = 1 << 20;

/// Messages that wait to be written.
const WAITING: usize = 64;

/// A service over HTTP, and who it is asked as.
#[derive(Debug, Clone)]
pub(crate) struct Remote {
    host: String,
    port: u16,
    authority: String,
    path: String,
    token: String,
}

impl Remote {
    /// Reads the address of a service. Only plain HTTP is spoken.
    pub(crate) fn new(url: &str, token: String) -> anyhow::Result<Self> {
        let parsed = url::Url::parse(url).with_context(|| format!("{url:?} is no address"))?;
        if parsed.scheme() != "http" {
            bail!(
                "{url:?} is not spoken to from here: only http:// is. Give your program the address itself, {}/mcp, \
                 as a server of the type \"http\"",
                url.trim_end_matches('/')
            );
        }
        let host = parsed.host_str().unwrap_or_default();
        let port = parsed.port().unwrap_or(80);
        Ok(Self {
            authority: format!("{host}:{port}"),
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            path: format!("{}/mcp", parsed.path().trim_end_matches('/')),
            token,
        })
    }

    async fn send(
        &self,
        method: Method,
        headers: &[(HeaderName, String)],
        body: Bytes,
    ) -> anyhow::Result<Response<Incoming>> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.with_context(|| format!("{} does not answer", self.authority))?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut request = Request::builder()
            .method(method)
            .uri(&self.path)
            .header(header::HOST, &self.authority)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, "application/json, text/event-stream")
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(body))?;
        Ok(sender.send_request(request).await?)
    }
}

/// What is known of the conversation.
#[derive(Debug, Default)]
struct Conversation {
    connection: Option<String>,
    revision: Option<String>,
}

impl Conversation {
    fn headers(&self) -> Vec<(HeaderName, String)> {
        let connection = self.connection.clone().map(|id| (CONNECTION, id));
        let revision = self.revision.clone().map(|revision| (REVISION, revision));
        connection.into_iter().chain(revision).collect()
    }
}

/// Passes on messages until the program closes its pipe.
pub(crate) async fn relay(
    remote: Remote,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Send + Unpin + 'static,
) -> anyhow::Result<()> {
    let (answers, waiting) = mpsc::channel(WAITING);
    let writing = tokio::spawn(write(waiting, output));
    let mut relay = Relay {
        remote: Arc::new(remote),
        answers,
        conversation: Conversation::default(),
        open: HashMap::new(),
        listening: None,
    };
    let mut lines = BufReader::new(input);
    let mut line = Vec::new();
    loop {
        line.clear();
        let mut bounded = tokio::io::AsyncReadExt::take(&mut lines, LONGEST as u64);
        if bounded.read_until(b'\n', &mut line).await? == 0 {
            break;
        }
        if !line.ends_with(b"\n") && line.len() >= LONGEST {
            bail!("a message has more than {LONGEST} bytes");
        }
        if !line.trim_ascii().is_empty() {
            relay.pass(&line).await;
        }
    }
    relay.close().await;
    drop(relay);
    writing.await?
}

/// Writes messages, a line each.
async fn write(
    mut waiting: mpsc::Receiver<Bytes>,
    mut output: impl AsyncWrite + Unpin,
) -> anyhow::Result<()> {
    while let Some(message) = waiting.recv().await {
        output.write_all(&message).await?;
        output.write_all(b"\n").await?;
        output.flush().await?;
    }
    Ok(())
}

struct Relay {
    remote: Arc<Remote>,
    answers: mpsc::Sender<Bytes>,
    conversation: Conversation,
    /// Requests that are being answered, by their ids.
    open: HashMap<String, AbortHandle>,
    /// Passes on what the service says by itself.
    listening: Option<AbortHandle>,
}

impl Relay {
    /// Passes a message on. What comes of it is written when it comes.
    async fn pass(&mut self, line: &[u8]) {
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            let parse = json!({"code": -32700, "message": "the line is no JSON"});
            return refuse(Value::Null, parse, &self.answers).await;
        };
        self.open.retain(|_, request| !request.is_finished());
        let id = message
            .get("id")
            .filter(|_| message.get("method").is_some());
        let id = id.cloned();
        let headers = headers(&message, &self.conversation);
        let has_own = headers.iter().any(|(name, _)| *name == METHOD);
        if message["method"] == "notifications/cancelled" {
            let request = message["params"]["requestId"].to_string();
            // Where requests stand alone, one is given up by closing it.
            if let Some(request) = self.open.remove(&request)
                && self.conversation.connection.is_none()
            {
                return request.abort();
            }
        }
        let body = Bytes::copy_from_slice(line.trim_ascii());
        let (remote, answers) = (Arc::clone(&self.remote), self.answers.clone());
        let told = id.clone();
        let following = if has_own {
            // Such a request may be answered no earlier than it has ended.
            tokio::spawn(async move {
                let sent = remote.send(Method::POST, &headers, body).await;
                take(sent, told, &answers).await;
            })
        } else {
            // Messages of a conversation arrive in their order.
            let sent = remote.send(Method::POST, &headers, body).await;
            if message["method"] == "initialize" {
                return self.begin(sent, told).await;
            }
            tokio::spawn(async move {
                take(sent, told, &answers).await;
            })
        };
        if let Some(id) = id {
            self.open.insert(id.to_string(), following.abort_handle());
        }
    }

    /// Begins a conversation: what comes next needs what this answer says. From now on it is listened to what the
    /// service says by itself.
    async fn begin(&mut self, sent: anyhow::Result<Response<Incoming>>, id: Option<Value>) {
        let connection = sent.as_ref().ok().and_then(|response| {
            let id = response.headers().get(CONNECTION)?.to_str().ok()?;
            Some(id.to_owned())
        });
        self.conversation.connection = connection;
        self.conversation.revision = take(sent, id, &self.answers).await;
        let headers = self.conversation.headers();
        let (remote, answers) = (Arc::clone(&self.remote), self.answers.clone());
        let listening = tokio::spawn(async move { listen(&remote, &headers, &answers).await });
        self.listening = Some(listening.abort_handle());
    }

    /// Ends the conversation.
    async fn close(&mut self) {
        let headers = self.conversation.headers();
        if headers.iter().any(|(name, _)| *name == CONNECTION) {
            let ended = self.remote.send(Method::DELETE, &headers, Bytes::new());
            if let Err(error) = ended.await {
                tracing::debug!(%error, "the connection could not be ended");
            }
        }
        for request in self.open.values().chain(&self.listening) {
            request.abort();
        }
    }
}

/// Returns the headers that belong to a message.
fn headers(message: &Value, conversation: &Conversation) -> Vec<(HeaderName, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let Some(revision) = text(&message["params"]["_meta"][OWN_REVISION]) else {
        return conversation.headers();
    };
    let params = &message["params"];
    let name = text(&params["name"]).or_else(|| text(&params["uri"]));
    let method = text(&message["method"]).map(|method| (METHOD, method));
    let name = name.filter(|name| name.is_ascii()).map(|name| (NAME, name));
    [Some((REVISION, revision)), method, name]
        .into_iter()
        .flatten()
        .collect()
}

/// Passes on what came of a message; returns the revision that the answer agrees to, if it does.
async fn take(
    sent: anyhow::Result<Response<Incoming>>,
    id: Option<Value>,
    answers: &mpsc::Sender<Bytes>,
) -> Option<String> {
    let refused = match sent {
        Ok(response) if response.status().is_success() => {
            let followed = follow(response, answers).await;
            return followed.unwrap_or_else(|error| {
                tracing::warn!(%error, "an answer ended early");
                None
            });
        }
        Ok(refused) => told(refused).await,
        Err(error) => json!({"message": format!("{error:#}")}),
    };
    let error = match refused.get("error") {
        // The service says it in the protocol's own form.
        Some(error) => error.clone(),
        None => {
            let message = refused["message"].as_str();
            let message = message.unwrap_or("the service refused it");
            json!({"code": -32000, "message": message, "data": refused})
        }
    };
    match id {
        Some(id) => refuse(id, error, answers).await,
        // A notification has nobody to tell.
        None => tracing::warn!(%error, "a message was not taken"),
    }
    None
}

/// Tells why a request is not answered.
async fn refuse(id: Value, error: Value, answers: &mpsc::Sender<Bytes>) {
    let refused = json!({"jsonrpc": "2.0", "id": id, "error": error});
    // When nobody reads any more, nobody sends any more either.
    let _ = answers.send(refused.to_string().into()).await;
}

/// Reads why the service refused.
async fn told(refused: Response<Incoming>) -> Value {
    let status = refused.status();
    let body = Limited::new(refused.into_body(), REFUSAL).collect().await;
    let body = body.map(http_body_util::Collected::to_bytes);
    let told = body
        .ok()
        .and_then(|body| serde_json::from_slice(&body).ok());
    told.unwrap_or_else(|| json!({"message": format!("the service answered {status}")}))
}

/// Writes the messages of an answer as they come; returns the revision that they agree to, if they do.
async fn follow(
    response: Response<Incoming>,
    answers: &mpsc::Sender<Bytes>,
) -> anyhow::Result<Option<String>> {
    let lines = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let mut body = response.into_body();
    let mut held: Vec<u8> = Vec::new();
    let mut revision = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        held.extend_from_slice(&data);
        if held.len() > LONGEST {
            bail!("a message has more than {LONGEST} bytes");
        }
        while let Some(end) = held.iter().position(|byte| lines && *byte == b'\n') {
            let line: Vec<u8> = held.drain(..=end).collect();
            if let Some(message) = line.strip_prefix(b"data:") {
                revision = tell(message.trim_ascii(), answers).await?.or(revision);
            }
        }
    }
    match lines {
        true => Ok(revision),
        false => tell(held.trim_ascii(), answers).await,
    }
}

/// Writes a message; returns the revision that it agrees to, if it does.
async fn tell(message: &[u8], answers: &mpsc::Sender<Bytes>) -> anyhow::Result<Option<String>> {
    if message.is_empty() {
        return Ok(None);
    }
    let value: Value = serde_json::from_slice(message)?;
    answers.send(value.to_string().into()).await?;
    let revision = value["result"]["protocolVersion"].as_str();
    Ok(revision.map(str::to_owned))
}

/// Passes on what the service says by itself.
async fn listen(remote: &Remote, headers: &[(HeaderName, String)], answers: &mpsc::Sender<Bytes>) {
    let listening = async {
        let response = remote.send(Method::GET, headers, Bytes::new()).await?;
        if response.status().is_success() {
            follow(response, answers).await?;
        }
        Ok::<_, anyhow::Error>(())
    };
    if let Err(error) = listening.await {
        tracing::debug!(%error, "the service says nothing more by itself");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_of_plain_http() {
        let remote = Remote::new("http://[::1]:8888/", "t".into()).expect("an address");
        let (host, path) = (remote.host.as_str(), remote.path.as_str());
        assert_eq!((host, remote.port, path), ("::1", 8888, "/mcp"));
        assert_eq!(remote.authority, "[::1]:8888");
        let remote = Remote::new("http://cells.example/x", "t".into()).expect("an address");
        assert_eq!((remote.port, remote.path.as_str()), (80, "/x/mcp"));
        let error = Remote::new("https://cells.example/", "t".into()).expect_err("https");
        let told = error.to_string();
        assert!(told.contains("https://cells.example/mcp"), "{told}");
        Remote::new("localhost", "t".into()).expect_err("no address");
    }

    #[test]
    fn requests_that_stand_alone_say_what_they_are_in_headers() {
        let conversation = Conversation {
            connection: Some("c".into()),
            revision: Some("2025-11-25".into()),
        };
        let list = json!({"method": "tools/list"});
        let told = headers(&list, &conversation);
        assert_eq!(
            told,
            [(CONNECTION, "c".into()), (REVISION, "2025-11-25".into())]
        );
        let call = json!({"method": "tools/call", "params": {"name": "n", "_meta": {OWN_REVISION: "2026-07-28"}}});
        let expected = [
            (REVISION, "2026-07-28".to_owned()),
            (METHOD, "tools/call".into()),
            (NAME, "n".into()),
        ];
        assert_eq!(headers(&call, &conversation), expected);
    }
}
