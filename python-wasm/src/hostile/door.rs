//! The door, from outside of Python (D1, D2).

use std::time::Duration;

use serde_json::Value;
use wasmtime::Trap;

use super::{Hostile, LOOPS, MEMORY, TRAPS};
use crate::door::Frame;

const AT: u64 = 0x1000;
const OUT: u64 = 0x100;
const LEN: u64 = 0x104;
const FAULT: u32 = -2i32 as u32;

fn frame(header: &[u8]) -> Vec<u8> {
    let mut bytes = (header.len() as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(header);
    bytes
}

/// A call that is answered with an object.
const CONTROL: &[u8] = br#"{"op":"limit"}"#;

impl Hostile {
    async fn knock(&mut self, bytes: &[u8]) -> Value {
        self.write(AT as u32, bytes);
        let arguments = [AT, bytes.len() as u64, OUT, LEN];
        assert_eq!(self.call("call", &arguments).await.unwrap(), 0);
        let (at, len) = (self.read_u32(OUT as u32), self.read_u32(LEN as u32));
        let answer = Frame::parse(&self.read(at, len as usize)).unwrap();
        Value::Object(answer.header)
    }

    /// Knocks and returns the exception's type that the guest is answered with.
    async fn refused(&mut self, bytes: &[u8]) -> String {
        let answer = self.knock(bytes).await;
        answer["error"]["type"]
            .as_str()
            .unwrap_or_else(|| panic!("not refused: {answer}"))
            .to_owned()
    }
}

#[tokio::test]
async fn no_pointer_outside_of_memory_is_followed() {
    let mut guest = Hostile::start().await;
    let control = frame(CONTROL);
    guest.write(AT as u32, &control);
    let (len, end, max) = (control.len() as u64, u64::from(MEMORY), u64::from(u32::MAX));
    for arguments in [
        [end - len + 1, len, OUT, LEN],
        [end, 1, OUT, LEN],
        [max, max, OUT, LEN],
        [max - 3, 8, OUT, LEN],
        [AT, max, OUT, LEN],
        [0, end + 1, OUT, LEN],
        [1 << 31, 1 << 31, OUT, LEN],
        // Where the answer is to be told.
        [AT, len, end - 3, LEN],
        [AT, len, max, LEN],
        [AT, len, OUT, end - 3],
        [AT, len, OUT, max - 3],
    ] {
        let answer = guest.call("call", &arguments).await.unwrap();
        assert_eq!(answer, FAULT, "{arguments:?}");
    }
    // Where the answer is to be put.
    for at in [0, MEMORY as i32 - 8, MEMORY as i32, i32::MIN, -4, -1] {
        guest.allocate_at(at);
        let answer = guest.call("call", &[AT, len, OUT, LEN]).await.unwrap();
        assert_eq!(answer, FAULT, "{at}");
    }
    // The answer over the request, and over the place where it is told.
    guest.allocate_at(AT as i32);
    assert_eq!(guest.call("call", &[AT, len, OUT, LEN]).await.unwrap(), 0);
    guest.write(AT as u32, &control);
    guest.allocate_at(OUT as i32);
    assert_eq!(guest.call("call", &[AT, len, OUT, LEN]).await.unwrap(), 0);
    assert_eq!(guest.read_u32(OUT as u32), OUT as u32);
    // The control.
    guest.allocate_at(0x8_0000);
    assert_eq!(guest.knock(&control).await["ok"]["reason"], "interrupt");
}

#[tokio::test]
async fn a_guest_that_traps_while_it_is_answered_does_not_go_on() {
    let mut guest = Hostile::start().await;
    let control = frame(CONTROL);
    guest.write(AT as u32, &control);
    let arguments = [AT, control.len() as u64, OUT, LEN];
    guest.allocate_at(TRAPS);
    let trap = guest.call("call", &arguments).await.unwrap_err();
    let trap = trap.downcast_ref::<Trap>();
    assert_eq!(trap, Some(&Trap::UnreachableCodeReached));
    // One that never answers is stopped by the limit of the turn.
    let mut guest = Hostile::start().await;
    guest.write(AT as u32, &control);
    guest.allocate_at(LOOPS);
    guest.give(Duration::from_millis(50));
    let killed = guest.call("call", &arguments).await.unwrap_err();
    assert_eq!(killed.to_string(), "stopped by the limit cell_time");
}

#[tokio::test]
async fn what_is_no_frame_is_refused() {
    let mut guest = Hostile::start().await;
    let nested = |open: &str, close: &str| {
        format!(
            "{{\"op\":{}{}}}",
            open.repeat(100_000),
            close.repeat(100_000)
        )
    };
    let headers: [&[u8]; 20] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\"op\"",
        b"{}",
        b"{\"op\":null}",
        b"{\"op\":\"nothing\"}",
        b"{\"op\":\"limit\",\"more\":1}",
        b"{\"op\":\"limit\"} {\"op\":\"limit\"}",
        b"{\"op\":\"reply\",\"content\":NaN}",
        b"{\"op\":\"reply\",\"content\":Infinity}",
        b"{\"op\":\"reply\",\"content\":1e400}",
        b"{\"op\":\"reply\",\"content\":{\"a\":-1e400}}",
        b"{\"op\":\"reply\",\"content\":\"\xff\"}",
        b"{\"op\":\"reply\",\"content\":\"\xed\xa0\x80\"}",
        b"{\"op\":\"reply\",\"content\":\"\\ud800\"}",
        b"{\"op\":\"reply\",\"content\":\"\x01\"}",
        b"{\"op\":\"limit\",\"op\":\"limit\"}",
        b"{\"op\":\"reply\",\"content\":{\"a\":1,\"b\":2,\"a\":3}}",
    ];
    for header in headers {
        let kind = guest.refused(&frame(header)).await;
        assert_eq!(kind, "ValueError", "{}", String::from_utf8_lossy(header));
    }
    for header in [nested("[", "]"), nested("{\"a\":", "}")] {
        // Only what is nested: the second has a value missing besides.
        assert_eq!(guest.refused(&frame(header.as_bytes())).await, "ValueError");
    }
    let exact = format!("{{\"op\":\"reply\",\"content\":1{}}}", "0".repeat(400));
    assert_eq!(guest.refused(&frame(exact.as_bytes())).await, "ValueError");
    // Cut frames, and lengths that are not theirs.
    for bytes in [
        &b""[..],
        b"\x01",
        b"\x01\0\0",
        b"\x0f\0\0\0{\"op\":\"limit\"}",
        b"\xff\xff\xff\xff{}",
    ] {
        assert_eq!(guest.refused(bytes).await, "ValueError", "{bytes:?}");
    }
    // Nothing was taken for an answer meanwhile.
    assert!(guest.store.data().door.reply.is_none());
    let reply = guest
        .knock(&frame(br#"{"op":"reply","content":{"a":1e300}}"#))
        .await;
    assert_eq!(reply["ok"], serde_json::json!({}));
}

#[tokio::test]
async fn nothing_is_there_that_was_not_granted() {
    let mut guest = Hostile::start().await;
    for (header, kind) in [
        (r#"{"op":"next"}"#, "RuntimeError"),
        (r#"{"op":"tool","name":"x","arguments":{}}"#, "NameError"),
        (
            r#"{"op":"input","prompt":"","password":false}"#,
            "StdinNotImplementedError",
        ),
        (r#"{"op":"reply","content":1}"#, "ValueError"),
        (
            r#"{"op":"emit","type":"nothing","content":{}}"#,
            "ValueError",
        ),
        (
            r#"{"op":"table_read","format":"parquet","path":"/etc/passwd"}"#,
            "OSError",
        ),
        (
            r#"{"op":"table_read","format":"parquet","path":"/home/user/../../beside/secret"}"#,
            "OSError",
        ),
    ] {
        assert_eq!(
            guest.refused(&frame(header.as_bytes())).await,
            kind,
            "{header}"
        );
    }
}
