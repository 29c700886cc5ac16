//! JSON that a guest sends: no key twice, and no more memory than is in proportion.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Bytes of host memory that one header may become. Seven bytes of text (`{"":0},`) are otherwise
/// half a kilobyte, and a header of those gigabytes.
const MEMORY_BYTES: usize = 256 << 20;
/// A value in its list, with the room that a growing list keeps.
const VALUE_BYTES: usize = 2 * size_of::<Value>();
/// The first node of an object's tree, which is allocated whole.
const OBJECT_BYTES: usize = 640;
/// A field of an object: its key, and its part of the tree.
const FIELD_BYTES: usize = 2 * (size_of::<String>() + size_of::<Value>());

/// Reads an object and nothing behind it.
///
/// # Errors
/// What is no JSON, holds a key twice in one object, or becomes more than [`MEMORY_BYTES`].
pub(super) fn object(text: &[u8]) -> serde_json::Result<Map<String, Value>> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let mut left = MEMORY_BYTES;
    let value = Bounded { left: &mut left }.deserialize(&mut reader)?;
    reader.end()?;
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(Error::custom("it is something else"))
        }
    }
}

/// Reads a value and takes what it costs from what is left.
struct Bounded<'l> {
    left: &'l mut usize,
}

impl Bounded<'_> {
    fn take<E: Error>(&mut self, bytes: usize) -> Result<(), E> {
        *self.left = self.left.checked_sub(bytes).ok_or_else(|| {
            E::custom(format!(
                "it becomes more than {MEMORY_BYTES} bytes in memory"
            ))
        })?;
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is none"))
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Value, E> {
        self.take(text.len())?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Bounded { left: self.left })? {
            self.take(VALUE_BYTES)?;
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<Value, A::Error> {
        self.take(OBJECT_BYTES)?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            self.take(FIELD_BYTES + name.len())?;
            let value = fields.next_value_seed(Bounded { left: self.left })?;
            if object.contains_key(&name) {
                return Err(Error::custom(format!("the key {name:?} is there twice")));
            }
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_there_once() {
        for text in [r#"{"a":1,"a":1}"#, r#"{"b":[{"a":1,"c":2,"\u0061":3}]}"#] {
            let refusal = object(text.as_bytes()).unwrap_err().to_string();
            assert!(
                refusal.starts_with("the key \"a\" is there twice"),
                "{refusal}"
            );
        }
        // The control: the same key in different objects.
        object(br#"{"a":{"a":1},"b":[{"a":1},{"a":1}]}"#).unwrap();
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused() {
        for item in [r#"{"":0},"#, "{},", "0,", "[],", r#""","#] {
            let list = |bytes: usize| {
                let mut items = item.repeat(bytes / item.len());
                items.pop();
                format!("{{\"a\":[{items}]}}")
            };
            let refusal = object(list(32 << 20).as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains("bytes in memory"), "{item} {refusal}");
            // The control: a megabyte of it.
            object(list(1 << 20).as_bytes()).unwrap();
        }
        // What a figure holds: three million numbers as they are written by programs.
        let numbers = "0.1234567,".repeat(3_000_000);
        object(format!("{{\"a\":[{numbers}0]}}").as_bytes()).unwrap();
    }

    proptest! {
        #[test]
        fn it_reads_what_serde_json_reads(text in r#"[\[\]{}:,"a0-2. eE\-\\utrfalsn]{0,40}"#) {
            let usual: Option<Map<String, Value>> = serde_json::from_str(&text).ok();
            let read = object(text.as_bytes());
            match (usual, read) {
                (Some(usual), Ok(read)) => assert_eq!(usual, read),
                (None, Err(_)) => {}
                (Some(_), Err(error)) => assert!(error.to_string().contains("twice"), "{error}"),
                (None, Ok(read)) => panic!("{text} was read as {read:?}"),
            }
        }
    }
}
