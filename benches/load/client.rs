//! A WebSocket on which JSON goes both ways.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// The longest that is waited for a message.
const PATIENCE: Duration = Duration::from_secs(120);

/// An open socket.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// How long an execution took until something was seen.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub result: Duration,
    pub end: Duration,
}

impl Socket {
    /// Opens a socket.
    pub async fn open(url: &str) -> Result<Self> {
        let (socket, _) = tokio_tungstenite::connect_async(url).await?;
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_nodelay(true)?;
        }
        Ok(Self(socket))
    }

    /// Sends a message.
    pub async fn send(&mut self, message: &Value) -> Result<()> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    /// Returns the next message.
    pub async fn next(&mut self) -> Result<Value> {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match message.context("nothing comes any more")? {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text)?),
                Some(Ok(Message::Close(frame))) => bail!("the socket was closed: {frame:?}"),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
                None => bail!("the socket was closed"),
            }
        }
    }

    /// Runs code that has a result over a session's channel.
    pub async fn execute(&mut self, code: &str) -> Result<Seen> {
        let command = json!({"id": 1, "type": "execute", "content": {"code": code}});
        let started = Instant::now();
        self.send(&command).await?;
        let mut result = None;
        loop {
            let message = self.next().await?;
            ensure!(message.get("problem").is_none(), "{message:#}");
            match message["type"].as_str() {
                Some("execute_result") => result = Some(started.elapsed()),
                Some("finished") => {
                    let end = started.elapsed();
                    ensure!(message["content"]["outcome"] == "ok", "{message:#}");
                    let result = result.context("the execution showed no result")?;
                    return Ok(Seen { result, end });
                }
                Some(_) | None => {}
            }
        }
    }
}
