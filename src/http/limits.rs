//! How often one caller may ask; answered with what is left in `RateLimit-*` headers.

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::auth::Identity;
use super::connection::Peer;
use super::problem::Refused;
use crate::error_code::{ErrorCode, Fault};
use crate::tenant::rate::whole_seconds;

/// The headers that tell what is left.
pub(super) const HEADERS: [HeaderName; 3] = [
    HeaderName::from_static("ratelimit-limit"),
    HeaderName::from_static("ratelimit-remaining"),
    HeaderName::from_static("ratelimit-reset"),
];

/// Takes a request from the budget of its caller, or of its address while the caller is not known.
pub(super) async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let budget = match request.extensions().get::<Identity>() {
        Some(Identity::Known(caller)) => app.rates.caller(caller),
        Some(Identity::Anonymous | Identity::Refused(_)) | None => {
            app.rates.stranger(Peer::of(request.extensions()))
        }
    };
    let mut response = match budget.wait {
        None => next.run(request).await,
        Some(wait) => {
            let message = format!("More than {} requests came at once.", budget.limit);
            let fault = Fault::new(ErrorCode::RateLimited, message);
            Refused(fault.retry_after(whole_seconds(wait).max(1))).into_response()
        }
    };
    let values = [
        u64::from(budget.limit),
        u64::from(budget.remaining),
        budget.reset,
    ];
    for (name, value) in HEADERS.into_iter().zip(values) {
        response
            .headers_mut()
            .insert(name, HeaderValue::from(value));
    }
    response
}
