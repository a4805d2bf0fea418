//! Policy: may this call run, and may this request go out?
//!
//! Pure decisions over the manifest and the operator's rule. No async, clock or IO; it must not know
//! how a call is run, how a request is sent, or what a credential is worth.
//!
//! A call: `Grant::meet` → [`authorize`] → [`Permit`], or a [`Denial`]. A request of that call:
//! [`RouteSet::check`] → [`Passed`], or [`Refused`]. A manifest at load: [`judge`]. A plugin that changed:
//! [`Asks::of`] → [`differences`].

mod asks;
mod body;
mod denial;
mod filter;
mod form;
mod grant;
mod json;
mod judge;
mod known;
mod mandate;
mod matcher;
mod pattern;
mod permit;
mod principal;
mod query;
mod resource;
mod route;
pub mod segment;
mod wider;
#[cfg(test)]
mod width_tests;

pub use asks::{Asks, CaseAsks, HeaderAsks, PromptAsks, ResourceAsks, RouteLine, ToolAsks};
pub use body::BodyError;
pub(crate) use body::{FORM, Form, JSON};
pub use denial::{Denial, Layer};
pub use filter::{FilterError, ToolFilter};
pub use grant::{ConfirmRule, Grant, GrantError, Kind, LIVE_CHECK, Rule};
pub use json::{JsonError, read as read_json};
pub use judge::{HarmlessPost, Problem, Problems, harmless_posts, judge};
pub use known::{Known, Made};
pub use mandate::{Bearer, EFFECTS, Mandate, scope};
pub use matcher::{Canonical, Miss};
pub use pattern::{Bindings, Pattern, PatternError};
pub use permit::{
    Confirmation, Confirmed, Permit, PreviewPermit, Way, authorize, authorize_preview, open,
};
pub use principal::Principal;
pub use resource::{ReadPermit, ResourceGrant, authorize_read};
pub use route::{Asked, Passed, Refused, RouteError, RouteSet};
pub use wider::{Difference, differences, is_wider};
