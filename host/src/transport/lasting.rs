//! Answers that stay open: the stream of a session, and that of a subscription.
//!
//! Owns that they end with what let their caller in, and that each is counted as long as it is open. It must not know what is told on them.

use std::future::pending;

use axum::body::Body;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use futures::future::FutureExt;
use futures::stream::StreamExt;

use crate::admission::Place;
use crate::caller::Caller;

/// The method of a subscription, in the header that names it (2026-07-28).
const LISTEN: &str = "subscriptions/listen";

/// Whether the answer to a request stays open.
pub fn lasts(head: &Parts) -> bool {
    let method = head.headers.get("mcp-method");
    head.method == Method::GET
        || method.is_some_and(|method| method.as_bytes() == LISTEN.as_bytes())
}

/// The answer, until the caller's key is good no longer; it holds the caller's place as long.
pub fn until_over(response: Response, caller: &Caller, place: Option<Place>) -> Response {
    if caller.ends().is_none() && place.is_none() {
        return response;
    }
    let (head, body) = response.into_parts();
    let over = match caller.ends() {
        Some(ends) => ends.clone().cancelled_owned().left_future(),
        None => pending().right_future(),
    };
    let pieces = body.into_data_stream().take_until(over);
    // The place is the stream's: it is free when the client has gone, too.
    let pieces = pieces.inspect(move |_| {
        let _held = &place;
    });
    Response::from_parts(head, Body::from_stream(pieces))
}
