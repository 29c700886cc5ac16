//! JSON of requests, read as the OpenAPI document describes it and no more generously: a name
//! stands once in an object, and an object is not written as an array. A whole number may be
//! written with a point, as JSON Schema has it.

use std::fmt;

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, Visitor,
};
use serde_json::{Error, Map, Value};

use crate::error_code::{ErrorCode, Fault};

/// Reads JSON; says which field is wrong.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    let malformed = |error: Error| {
        Fault::new(
            ErrorCode::MalformedBody,
            format!("The body is no JSON: {error}."),
        )
    };
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = Unique.deserialize(&mut reader).map_err(malformed)?;
    reader.end().map_err(malformed)?;
    serde_path_to_error::deserialize(Strict(value)).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { "body".into() } else { path };
        Fault::field(field, error.into_inner().to_string())
    })
}

/// Reads a value in whose objects no name stands twice.
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            if values.contains_key(&name) {
                let shown = crate::text::line(&name, 80);
                return Err(A::Error::custom(format!(
                    "the name {shown:?} is there twice"
                )));
            }
            let value = entries.next_value_seed(Self)?;
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}

/// A value from which types are read. Of serde_json's own reader it differs in structures, which are
/// objects alone, and in whole numbers.
struct Strict(Value);

impl<'de> IntoDeserializer<'de, Error> for Strict {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// The largest number up to which every whole number is a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Strict {
    /// Reads a whole number, whichever way it is written.
    fn whole<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let Value::Number(number) = &self.0 else {
            return self.deserialize_any(visitor);
        };
        match number.as_f64().filter(|_| number.is_f64()) {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "it is whole, and not too large"
            )]
            Some(value) if value.fract() == 0.0 && value.abs() <= EXACT => {
                visitor.visit_i64(value as i64)
            }
            Some(_) | None => self.deserialize_any(visitor),
        }
    }
}

/// Makes the readers of whole numbers.
macro_rules! whole {
    ($($name:ident),*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.whole(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Strict {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => number.deserialize_any(visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Strict));
                let value = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(value)
            }
            Value::Object(entries) => {
                let entries = entries
                    .into_iter()
                    .map(|(name, value)| (name, Strict(value)));
                let mut entries = MapDeserializer::new(entries);
                let value = visitor.visit_map(&mut entries)?;
                entries.end()?;
                Ok(value)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    whole! {
        deserialize_u8, deserialize_u16, deserialize_u32, deserialize_u64,
        deserialize_i8, deserialize_i16, deserialize_i32, deserialize_i64
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Outer {
        #[serde(default)]
        count: u64,
        inner: Option<Inner>,
        #[serde(default)]
        anything: Map<String, Value>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        kind: Kind,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        One,
    }

    fn refused(text: &str) -> (ErrorCode, String) {
        let fault = parse::<Outer>(text.as_bytes()).expect_err(text);
        (fault.code, fault.message.into_owned())
    }

    #[test]
    fn what_is_described_is_read() {
        let read: Outer =
            parse(br#"{"count": 3.0, "inner": {"kind": "one"}, "anything": {"a": [1.5, null]}}"#)
                .expect("it is right");
        assert_eq!(
            (read.count, read.inner),
            (3, Some(Inner { kind: Kind::One }))
        );
        assert_eq!(read.anything["a"], serde_json::json!([1.5, null]));
        assert_eq!(parse::<Outer>(b"{}").expect("all may be left out").count, 0);
    }

    #[test]
    fn what_is_not_is_refused_by_its_place() {
        for (text, told) in [
            ("[]", "body: invalid type: sequence"),
            ("[1, null]", "body: invalid type: sequence"),
            (r#"{"inner": ["one"]}"#, "inner: invalid type: sequence"),
            (
                r#"{"inner": {"kind": "two"}}"#,
                "inner.kind: unknown variant",
            ),
            (r#"{"count": 1.5}"#, "count: invalid type: floating point"),
            (r#"{"count": -1.0}"#, "count: invalid value: integer `-1`"),
            (r#"{"count": 1e300}"#, "count: invalid type: floating point"),
            (r#"{"unknown": 1}"#, "unknown field"),
        ] {
            let (code, message) = refused(text);
            assert_eq!(code, ErrorCode::InvalidField, "{text}: {message}");
            assert!(message.contains(told), "{text}: {message}");
        }
        for (text, told) in [
            ("", "EOF"),
            ("{} {}", "trailing"),
            (r#"{"count": 1, "count": 2}"#, r#""count" is there twice"#),
            (
                r#"{"anything": {"a": [{"b": 1, "b": 1}]}}"#,
                r#""b" is there twice"#,
            ),
            (r#"{"anything": {"a": "\ud800"}}"#, "hex escape"),
            (r#"{"count": 1e400}"#, "out of range"),
        ] {
            let (code, message) = refused(text);
            assert_eq!(code, ErrorCode::MalformedBody, "{text}: {message}");
            assert!(message.contains(told), "{text}: {message}");
        }
        let deep = "[".repeat(100_000);
        let (code, message) = refused(&format!(r#"{{"anything": {{"a": {deep}"#));
        assert_eq!(code, ErrorCode::MalformedBody);
        assert!(message.contains("recursion limit"), "{message}");
    }
}
