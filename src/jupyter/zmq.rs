//! Jupyter's messages over ZeroMQ: the five sockets that a connection file names, and the signature of every message.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::{BufMut as _, Bytes, BytesMut};
use hmac::{Hmac, Mac as _};
use jupyter_protocol::connection_info::{ConnectionInfo, Transport};
use serde_json::json;
use sha2::Sha256;
use tokio::sync::mpsc;
use zeromq::{
    RepSocket, RouterRecvHalf, RouterSendHalf, RouterSocket, Socket as _, SocketRecv as _,
    SocketSend as _, XPubSocket, ZmqError, ZmqMessage,
};

use super::message::{Channel, Header, Malformed, Message};

/// What stands between the names of the peers and a message.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// Messages that may wait for a socket; then the kernel waits.
const WAITING: usize = 1024;

/// The largest message that is taken.
const LARGEST: usize = 256 << 20;

/// Messages that are known again.
const REMEMBERED: usize = 1 << 16;

/// Why the sockets cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("the transport {0} is not spoken here; only tcp is")]
    Transport(Transport),
    #[error("the signature scheme {0:?} is not known here; only hmac-sha256 is")]
    Scheme(String),
    #[error("the {0} socket cannot listen at {1}: {2}")]
    Bind(&'static str, String, ZmqError),
}

/// The key that both sides sign with; an empty one means that nobody does.
#[derive(Clone)]
struct Key(Bytes);

impl Key {
    fn mac(&self) -> Hmac<Sha256> {
        Hmac::new_from_slice(&self.0).expect("HMAC takes keys of any length")
    }

    /// Returns the signature of parts, in hexadecimal digits.
    fn sign(&self, parts: &[Bytes]) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let mut mac = self.mac();
        parts.iter().for_each(|part| mac.update(part));
        data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes())
    }

    /// Tells whether a signature is that of the parts, in a time that does not depend on where it differs, and was
    /// not heard before.
    fn verify(&self, parts: &[Bytes], signature: &[u8], heard: &Mutex<Heard>) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let mut mac = self.mac();
        parts.iter().for_each(|part| mac.update(part));
        let Ok(signature) = data_encoding::HEXLOWER_PERMISSIVE.decode(signature) else {
            return false;
        };
        let signed = mac.verify_slice(&signature).is_ok();
        let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
        signed && heard.is_new(signature)
    }
}

/// The signatures of the last messages, none of which is taken twice.
#[derive(Default)]
struct Heard {
    all: HashSet<Vec<u8>>,
    oldest_first: VecDeque<Vec<u8>>,
}

impl Heard {
    fn is_new(&mut self, signature: Vec<u8>) -> bool {
        if !self.all.insert(signature.clone()) {
            return false;
        }
        self.oldest_first.push_back(signature);
        if self.oldest_first.len() > REMEMBERED
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.all.remove(&oldest);
        }
        true
    }
}

/// Where an answer has to go.
#[derive(Debug, Clone)]
pub(crate) struct Peer(Vec<Bytes>);

impl Peer {
    /// Returns the peer of messages that want no answer.
    pub(crate) fn nobody() -> Self {
        Self(Vec::new())
    }
}

/// The sockets of a kernel.
pub(crate) struct Wire {
    pub(crate) shell: Ears,
    pub(crate) control: Ears,
    pub(crate) stdin: Ears,
    pub(crate) mouth: Mouth,
}

/// Where messages of one channel are heard.
pub(crate) struct Ears {
    socket: RouterRecvHalf,
    channel: Channel,
    key: Key,
    /// Of all channels: what was said on one is not to be said again on another.
    heard: Arc<Mutex<Heard>>,
}

/// Says something on any channel. What is said in one task comes in its order.
#[derive(Clone)]
pub(crate) struct Mouth {
    shell: mpsc::Sender<ZmqMessage>,
    control: mpsc::Sender<ZmqMessage>,
    stdin: mpsc::Sender<ZmqMessage>,
    iopub: mpsc::Sender<ZmqMessage>,
    key: Key,
}

impl Wire {
    /// Opens the sockets of a connection file.
    pub(crate) async fn open(info: &ConnectionInfo, session: &str) -> Result<Self, WireError> {
        if info.transport != Transport::TCP {
            return Err(WireError::Transport(info.transport.clone()));
        }
        if !info.key.is_empty() && info.signature_scheme != "hmac-sha256" {
            return Err(WireError::Scheme(info.signature_scheme.clone()));
        }
        let key = Key(Bytes::from(info.key.clone().into_bytes()));
        let (shell, shell_ears) = router("shell", info.shell_url()).await?;
        let (control, control_ears) = router("control", info.control_url()).await?;
        let (stdin, stdin_ears) = router("stdin", info.stdin_url()).await?;
        let mut heartbeat = RepSocket::new();
        bind("heartbeat", &mut heartbeat, info.hb_url()).await?;
        tokio::spawn(beat(heartbeat));
        let mut iopub = XPubSocket::new();
        bind("iopub", &mut iopub, info.iopub_url()).await?;
        let (published, publishing) = mpsc::channel(WAITING);
        let welcome = Welcome {
            key: key.clone(),
            session: session.to_owned(),
        };
        tokio::spawn(publish(iopub, publishing, welcome));
        let heard = Arc::default();
        let ears = |socket, channel| Ears {
            socket,
            channel,
            key: key.clone(),
            heard: Arc::clone(&heard),
        };
        Ok(Self {
            shell: ears(shell_ears, Channel::Shell),
            control: ears(control_ears, Channel::Control),
            stdin: ears(stdin_ears, Channel::Stdin),
            mouth: Mouth {
                shell,
                control,
                stdin,
                iopub: published,
                key,
            },
        })
    }
}

async fn bind(
    name: &'static str,
    socket: &mut impl zeromq::Socket,
    url: String,
) -> Result<(), WireError> {
    match socket.bind(&url).await {
        Ok(_) => Ok(()),
        Err(error) => Err(WireError::Bind(name, url, error)),
    }
}

async fn router(
    name: &'static str,
    url: String,
) -> Result<(mpsc::Sender<ZmqMessage>, RouterRecvHalf), WireError> {
    let mut socket = RouterSocket::new();
    bind(name, &mut socket, url).await?;
    let (mut mouth, ears): (RouterSendHalf, _) = socket.split();
    let (sender, mut waiting) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        while let Some(message) = waiting.recv().await {
            if let Err(error) = mouth.send(message).await {
                // Who has gone needs no answer.
                tracing::debug!(channel = name, %error, "a message was not taken");
            }
        }
    });
    Ok((sender, ears))
}

/// Gives back what comes, so that clients know that the kernel lives.
async fn beat(mut socket: RepSocket) {
    while let Ok(message) = socket.recv().await {
        if socket.send(message).await.is_err() {
            tokio::task::yield_now().await;
        }
    }
}

/// What a client is told when it begins to listen, so that it knows from when on it misses nothing.
struct Welcome {
    key: Key,
    session: String,
}

impl Welcome {
    fn of(&self, topic: &[u8]) -> Option<ZmqMessage> {
        let subscription = String::from_utf8_lossy(topic);
        let content = json!({"subscription": subscription});
        let message = Message::new(
            Channel::Iopub,
            "iopub_welcome",
            &Header::default(),
            &self.session,
            content,
        );
        frames(&self.key, vec![Bytes::copy_from_slice(topic)], &message)
    }
}

async fn publish(
    mut socket: XPubSocket,
    mut waiting: mpsc::Receiver<ZmqMessage>,
    welcome: Welcome,
) {
    loop {
        let message = tokio::select! {
            message = waiting.recv() => match message {
                Some(message) => Some(message),
                None => return,
            },
            subscribed = socket.recv() => subscribed.ok().and_then(|message| {
                let topic = message.get(0)?.strip_prefix(&[1])?.to_vec();
                welcome.of(&topic)
            }),
        };
        if let Some(message) = message
            && let Err(error) = socket.send(message).await
        {
            tracing::debug!(%error, "a message was not published");
        }
    }
}

/// Returns a message as frames, signed.
fn frames(key: &Key, peer: Vec<Bytes>, message: &Message) -> Option<ZmqMessage> {
    let parts = message.parts();
    let signature = key.sign(&parts);
    let mut all = peer;
    all.push(Bytes::from_static(DELIMITER));
    all.push(Bytes::from(signature.into_bytes()));
    all.extend(parts);
    all.extend(message.buffers.iter().cloned());
    ZmqMessage::try_from(all).ok()
}

impl Ears {
    /// Returns the next message and who sent it; nothing when the socket has ended. What is not signed, or
    /// is no message, is left out.
    pub(crate) async fn hear(&mut self) -> Option<(Peer, Message)> {
        loop {
            let frames = match self.socket.recv().await {
                Ok(frames) => frames.into_vec(),
                Err(ZmqError::NoMessage) => return None,
                Err(error) => {
                    tracing::debug!(%error, "a peer sent no message of ZeroMQ's");
                    tokio::task::yield_now().await;
                    continue;
                }
            };
            match self.read(frames) {
                Ok(heard) => return Some(heard),
                Err(reason) => tracing::warn!(reason, "a message was left out"),
            }
        }
    }

    fn read(&self, frames: Vec<Bytes>) -> Result<(Peer, Message), &'static str> {
        if frames.iter().map(Bytes::len).sum::<usize>() > LARGEST {
            return Err("it is too large");
        }
        let delimiter = frames.iter().position(|frame| frame == DELIMITER);
        let delimiter = delimiter.ok_or("it is no message of Jupyter's")?;
        let (peer, rest) = frames.split_at(delimiter);
        let [
            _,
            signature,
            header,
            parent,
            metadata,
            content,
            buffers @ ..,
        ] = rest
        else {
            return Err("it is too short");
        };
        let parts = [header, parent, metadata, content].map(Bytes::clone);
        if !self.key.verify(&parts, signature, &self.heard) {
            return Err("its signature is wrong, or was heard before");
        }
        let message = Message::from_parts(self.channel, &parts, buffers.to_vec());
        let message = message.map_err(|malformed| match malformed {
            Malformed::Json | Malformed::Parts | Malformed::Channel => "it is not JSON",
            Malformed::Header => "its header has no msg_id and msg_type",
        })?;
        Ok((Peer(peer.to_vec()), message))
    }
}

impl Mouth {
    /// Publishes a message.
    pub(crate) async fn publish(&self, message: &Message) {
        let mut topic = BytesMut::from(&b"kernel."[..]);
        topic.put_slice(message.header.kind().as_bytes());
        if let Some(frames) = frames(&self.key, vec![topic.freeze()], message) {
            // The sockets live as long as the kernel.
            let _ = self.iopub.send(frames).await;
        }
    }

    /// Sends a message to one peer, on the message's channel.
    pub(crate) async fn send(&self, peer: &Peer, message: &Message) {
        let socket = match message.channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
            Channel::Stdin => &self.stdin,
            Channel::Iopub => return self.publish(message).await,
        };
        if let Some(frames) = frames(&self.key, peer.0.clone(), message) {
            // The sockets live as long as the kernel.
            let _ = socket.send(frames).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_parts_and_key_alone() {
        let key = Key(Bytes::from_static(b"secret"));
        let parts = [Bytes::from_static(b"{}"), Bytes::from_static(b"[1]")];
        let signature = key.sign(&parts);
        let heard = Mutex::default();
        let signed = |key: &Key, parts: &[Bytes], signature: &str| {
            key.verify(parts, signature.as_bytes(), &heard)
        };
        let last = if signature.ends_with('0') { "1" } else { "0" };
        for wrong in [
            "",
            "00",
            &signature[..62],
            &format!("{}{last}", &signature[..63]),
        ] {
            assert!(!signed(&key, &parts, wrong), "{wrong}");
        }
        let other = [Bytes::from_static(b"{}"), Bytes::from_static(b"[2]")];
        assert!(!signed(&key, &other, &signature));
        assert!(!signed(
            &Key(Bytes::from_static(b"other")),
            &parts,
            &signature
        ));
        assert!(signed(&Key(Bytes::new()), &other, ""));
        // Once, however the signature is written.
        assert!(signed(&key, &parts, &signature));
        assert!(!signed(&key, &parts, &signature));
        assert!(!signed(&key, &parts, &signature.to_uppercase()));
        assert!(signed(&key, &other, &key.sign(&other)));
    }

    #[test]
    fn the_oldest_signatures_are_forgotten() {
        let mut heard = Heard::default();
        for number in 0..=REMEMBERED {
            assert!(heard.is_new(number.to_le_bytes().to_vec()));
        }
        assert_eq!(heard.all.len(), REMEMBERED);
        assert!(!heard.is_new(REMEMBERED.to_le_bytes().to_vec()));
        assert!(heard.is_new(0usize.to_le_bytes().to_vec()));
    }
}
