//! A WebSocket on which a test only listens.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use super::service::Service;

/// Somebody who listens.
pub struct Listener(
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
);

impl Service {
    /// Opens a socket below `/api/v1`; the path has a query already.
    pub async fn listen(&self, path: &str, token: &str) -> Listener {
        let url = format!("ws://{}/api/v1{path}&token={token}", self.address);
        let (socket, _) = tokio_tungstenite::connect_async(url)
            .await
            .expect("it opens");
        Listener(socket)
    }
}

impl Listener {
    /// Returns the next event; the code with which the socket was closed when there is none.
    pub async fn next(&mut self) -> Result<Value, Option<u16>> {
        let minute = Duration::from_secs(60);
        loop {
            let message = tokio::time::timeout(minute, self.0.next()).await;
            match message.expect("something comes within a minute") {
                Some(Ok(Message::Text(text))) => {
                    return Ok(serde_json::from_str(&text).expect("it is JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Says something.
    pub async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.expect("it is sent");
    }

    /// Returns the first event from here on for which this holds.
    pub async fn until(&mut self, holds: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.next().await.expect("it is open");
            if holds(&event) {
                return event;
            }
        }
    }
}
