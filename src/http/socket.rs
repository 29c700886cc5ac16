//! A WebSocket that is watched: pinged while it is idle, given up when nobody is there, cut off when
//! its client does not take what it is sent, and closed with the code that a violation has.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, close_code};
use bytes::Bytes;
use tokio::time::{Instant, Interval, sleep_until, timeout};
use tungstenite::Error as Violation;
use tungstenite::error::ProtocolError;

use crate::session::EventReader;

/// How long a connection may do nothing: after `ping` it is asked whether it is there, after
/// `silence` it is given up. One message may take its client `patience`; whoever is cut off then
/// can come back and go on.
#[derive(Debug, Clone, Copy)]
struct Times {
    ping: Duration,
    silence: Duration,
    patience: Duration,
}

const TIMES: Times = Times {
    ping: Duration::from_secs(20),
    silence: Duration::from_secs(45),
    patience: Duration::from_secs(15),
};

/// Pings that a client may send between two of ours. Each is answered from memory, also while the
/// client reads nothing.
const PINGS: u32 = 1000;

/// A WebSocket.
pub(super) struct Socket {
    inner: WebSocket,
    times: Times,
    ping: Interval,
    heard: Instant,
    pings: u32,
}

/// What a client said.
pub(super) enum Heard {
    Text(Utf8Bytes),
    Binary(Bytes),
}

/// Why a conversation is over.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Nobody is there to be told.
    Gone,
    /// The client is told this.
    Close(u16, &'static str),
}

impl Over {
    /// The token that opened the socket was revoked or has expired.
    pub(super) const REVOKED: Self =
        Self::Close(close_code::POLICY, "the token is no longer valid");
}

impl Socket {
    /// Watches a socket.
    pub(super) fn new(inner: WebSocket) -> Self {
        Self::with(inner, TIMES)
    }

    fn with(inner: WebSocket, times: Times) -> Self {
        Self {
            inner,
            times,
            ping: tokio::time::interval(times.ping),
            heard: Instant::now(),
            pings: 0,
        }
    }

    /// Returns what the client says next. Can be dropped at any time.
    pub(super) async fn hear(&mut self) -> Result<Heard, Over> {
        loop {
            let message = tokio::select! {
                message = self.inner.recv() => message,
                () = sleep_until(self.heard + self.times.silence) => return Err(Over::Gone),
                _ = self.ping.tick() => {
                    self.pings = 0;
                    self.put(Message::Ping(Bytes::new())).await?;
                    continue;
                }
            };
            self.attend();
            match message {
                Some(Ok(Message::Text(text))) => return Ok(Heard::Text(text)),
                Some(Ok(Message::Binary(bytes))) => return Ok(Heard::Binary(bytes)),
                Some(Ok(Message::Ping(_))) if self.pings < PINGS => self.pings += 1,
                Some(Ok(Message::Ping(_))) => {
                    return Err(Over::Close(close_code::POLICY, "too many pings"));
                }
                Some(Ok(Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) => {
                    // Our answer goes out while more is waited for.
                    let _ = timeout(self.times.patience, self.inner.recv()).await;
                    return Err(Over::Gone);
                }
                Some(Err(error)) => return Err(violated(error)),
                None => return Err(Over::Gone),
            }
        }
    }

    /// Counts the client's silence from now on: it was not listened to.
    pub(super) fn attend(&mut self) {
        self.heard = Instant::now();
    }

    /// Sends a JSON text.
    pub(super) async fn send(&mut self, json: Bytes) -> Result<(), Over> {
        let Ok(text) = Utf8Bytes::try_from(json) else {
            return Err(UNREADABLE);
        };
        self.put(Message::Text(text)).await
    }

    /// Sends bytes.
    pub(super) async fn send_bytes(&mut self, bytes: Bytes) -> Result<(), Over> {
        self.put(Message::Binary(bytes)).await
    }

    async fn put(&mut self, message: Message) -> Result<(), Over> {
        match timeout(self.times.patience, self.inner.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Over::Gone),
        }
    }

    /// Ends the conversation.
    pub(super) async fn end(mut self, over: Over) {
        if let Over::Close(code, reason) = over {
            let frame = CloseFrame {
                code,
                reason: Utf8Bytes::from_static(reason),
            };
            // Whether it hears that or not, it is over.
            let _ = self.put(Message::Close(Some(frame))).await;
        }
    }
}

/// A damaged journal, or a disk that fails.
pub(super) const UNREADABLE: Over = Over::Close(close_code::ERROR, "the journal cannot be read");

/// Returns the JSON of the next event; `ended` is told when there will be no more.
pub(super) async fn event(events: &mut EventReader, ended: &'static str) -> Result<Bytes, Over> {
    match events.next().await {
        Ok(Some(event)) => Ok(event.json),
        Ok(None) => Err(Over::Close(close_code::NORMAL, ended)),
        Err(_) => Err(UNREADABLE),
    }
}

/// Returns how a connection ends whose client does what the protocol or our limits forbid.
fn violated(error: axum::Error) -> Over {
    match error.into_inner().downcast_ref::<Violation>() {
        Some(Violation::Capacity(_)) => Over::Close(close_code::SIZE, "the message is too large"),
        // Its line ended without a word.
        Some(Violation::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Over::Gone,
        Some(Violation::Protocol(_)) => {
            Over::Close(close_code::PROTOCOL, "this is against the protocol")
        }
        Some(Violation::Utf8(_)) => Over::Close(close_code::INVALID, "a text has to be UTF-8"),
        Some(_) | None => Over::Gone,
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::WebSocketUpgrade;
    use axum::routing::get;
    use futures_util::StreamExt as _;
    use tokio::sync::mpsc;

    use super::*;

    /// Serves sockets that are given up soon, and returns where, and how each ends.
    async fn serve() -> (String, mpsc::UnboundedReceiver<Over>) {
        let times = Times {
            ping: Duration::from_millis(50),
            silence: Duration::from_millis(500),
            patience: Duration::from_millis(500),
        };
        let (told, ends) = mpsc::unbounded_channel();
        let handler = move |upgrade: WebSocketUpgrade| async move {
            upgrade.on_upgrade(move |socket| async move {
                let mut socket = Socket::with(socket, times);
                let over = loop {
                    match socket.hear().await {
                        Ok(_) => {}
                        Err(over) => break over,
                    }
                };
                // The test may have ended.
                let _ = told.send(over);
            })
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a port");
        let address = format!("ws://{}/", listener.local_addr().expect("an address"));
        let router = Router::new().route("/", get(handler));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (address, ends)
    }

    #[tokio::test]
    async fn who_is_silent_is_given_up_and_who_answers_pings_stays() {
        let (address, mut ends) = serve().await;
        let connect = || tokio_tungstenite::connect_async(&address);
        // It stays connected and never looks: as a client whose cable was cut.
        let (_silent, _) = connect().await.expect("it opens");
        let (mut attentive, _) = connect().await.expect("it opens");
        let answering = tokio::spawn(async move { while attentive.next().await.is_some() {} });
        assert_eq!(ends.recv().await, Some(Over::Gone));
        let more = timeout(TIMES.ping / 10, ends.recv()).await;
        assert!(more.is_err(), "who answers was given up: {more:?}");
        answering.abort();
        assert_eq!(ends.recv().await, Some(Over::Gone));
    }
}
