//! What handlers take from a request: bodies, queries, ids and the caller. Each refuses with the
//! field that is wrong.

use std::marker::PhantomData;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};

use super::App;
use super::auth::{Identity, without_token};
use super::json::parse;
use super::problem::Refused;
use crate::error_code::{ErrorCode, Fault};
use crate::tenant::{Caller, Scope};

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refused> {
        let kind = media_type(request.headers());
        if kind != "application/json" {
            return Err(Refused(Fault::new(
                ErrorCode::UnsupportedMediaType,
                format!("The Content-Type is {kind:?}; this address takes application/json."),
            )));
        }
        if let Some(coding) = request.headers().get(header::CONTENT_ENCODING)
            && coding != "identity"
        {
            return Err(Refused(Fault::new(
                ErrorCode::UnsupportedMediaType,
                "Bodies are taken as they are; leave Content-Encoding out.",
            )));
        }
        let bytes = Bytes::from_request(request, app)
            .await
            .map_err(|rejection| unread(rejection, app))?;
        Ok(Self(parse(&bytes)?))
    }
}

/// Returns the media type of a body, in small letters and without its parameters.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    kind.split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Returns the length that a body is announced to have.
pub(super) fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

fn unread(rejection: axum::extract::rejection::BytesRejection, app: &App) -> Refused {
    let limit = app.config.server.body.0;
    Refused(
        if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
            Fault::new(
                ErrorCode::BodyTooLarge,
                format!("A JSON body may have {limit} bytes."),
            )
            .with_details(serde_json::json!({"limit": limit}))
        } else {
            Fault::new(ErrorCode::MalformedBody, "The body ended early.")
        },
    )
}

/// The parameters of the address's query.
pub(crate) struct Parameters<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Parameters<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let query = without_token(parts.uri.query().unwrap_or_default());
        let reader =
            serde_urlencoded::Deserializer::new(url::form_urlencoded::parse(query.as_bytes()));
        let value = serde_path_to_error::deserialize(reader).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." {
                "query".to_owned()
            } else {
                path
            };
            Fault::field(field, error.into_inner().to_string())
        })?;
        Ok(Self(value))
    }
}

/// A parameter that is set by being there: `?list` as well as `?list=true`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flag(pub(crate) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match String::deserialize(deserializer)?.as_str() {
            "" | "true" => Ok(Self(true)),
            "false" => Ok(Self(false)),
            other => Err(D::Error::custom(format!(
                "{other:?} is neither true nor false"
            ))),
        }
    }
}

/// Reads an id of the path. What is no id names nothing that exists.
pub(crate) fn id<T: FromStr>(text: &str, missing: ErrorCode) -> Result<T, Fault> {
    text.parse().map_err(|_| {
        Fault::new(
            missing,
            format!(
                "{} ({:?}).",
                missing.meaning().title,
                crate::text::line(text, 80)
            ),
        )
    })
}

/// What a handler needs of its caller. A handler that takes no `May` can name no tenant.
pub(crate) trait Permission: Send {
    /// The scope that the caller must have.
    const SCOPE: Scope;
}

/// Makes a type for each scope, for handlers to name.
macro_rules! permissions {
    ($($name:ident),*) => {$(
        /// The permission of the scope of this name.
        pub(crate) struct $name;
        impl Permission for $name {
            const SCOPE: Scope = Scope::$name;
        }
    )*};
}

permissions!(Read, Write, Run, Audit, Admin);

/// A caller who has the permission.
pub(crate) struct May<P>(pub(crate) Caller, pub(crate) PhantomData<P>);

impl<P: Permission> FromRequestParts<App> for May<P> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let caller = known(parts)?;
        caller.require(P::SCOPE)?;
        Ok(Self(caller, PhantomData))
    }
}

/// A caller who may look at, change and run everything: what a sandbox's token lets its clients do.
pub(crate) struct MayAll(pub(crate) Caller);

impl FromRequestParts<App> for MayAll {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        let caller = known(parts)?;
        for scope in [Scope::Run, Scope::Write, Scope::Read] {
            caller.require(scope)?;
        }
        Ok(Self(caller))
    }
}

/// An admin of the operator's own tenant.
pub(crate) struct Operator(pub(crate) Caller);

impl FromRequestParts<App> for Operator {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let May(caller, ..) = May::<Admin>::from_request_parts(parts, app).await?;
        app.tenants.require_operator(&caller)?;
        Ok(Self(caller))
    }
}

/// Any caller who is known, whatever they may do: for questions about themselves.
pub(crate) struct Known(pub(crate) Caller);

impl FromRequestParts<App> for Known {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Refused> {
        Ok(Self(known(parts)?))
    }
}

/// Returns the caller whom the service has found before the handler was chosen.
fn known(parts: &Parts) -> Result<Caller, Fault> {
    parts
        .extensions
        .get::<Identity>()
        .unwrap_or(&Identity::Anonymous)
        .caller()
        .cloned()
}
