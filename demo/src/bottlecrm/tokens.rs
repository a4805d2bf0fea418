//! Who may call: tokens, their owners and scopes, and what a request's headers say.
//!
//! Every credential that is wrong in any way gets the same refusal, as in the real one.

use jiff::Timestamp;

use super::answer::Reply;
use super::request::Call;

/// The administrator of the first organisation; unrestricted.
pub const ADMIN_TOKEN: &str = "bcrm_pat_demo-admin-7Qm2rT9xK4wZ";
/// A user of the first organisation.
pub const USER_TOKEN: &str = "bcrm_pat_demo-user-3Hn8vB5yL1pC";
/// Another user of the first organisation.
pub const USER2_TOKEN: &str = "bcrm_pat_demo-user2-6Jd4sF0gN7eX";
/// The administrator of the second organisation.
pub const ORG2_TOKEN: &str = "bcrm_pat_demo-org2-9Vc1zA8kM5uR";
/// The first organisation's administrator, who may read leads with it and nothing else.
pub const LEADS_READ_TOKEN: &str = "bcrm_pat_demo-leads-read-2Wb6tY";
/// Read and write for leads, contacts and accounts of the first organisation's administrator.
pub const SALES_TOKEN: &str = "bcrm_pat_demo-sales-5Pf3qG7hJ2mD";
/// A token of the administrator that was good until a month ago.
pub const EXPIRED_TOKEN: &str = "bcrm_pat_demo-expired-8Lk0nU4i";
/// A token of the administrator that was taken back.
pub const REVOKED_TOKEN: &str = "bcrm_pat_demo-revoked-1So9xE6b";
/// The first organisation's API key: reads everything, writes nothing, goes in `Token` alone.
pub const ORG_API_KEY: &str = "demo-org-key-4Rt7yZ2cV9bN5mQ8";
/// What a signed-in session of the administrator sends as its bearer token.
pub const ADMIN_JWT: &str = "eyJhbGciOiJub25lIn0.eyJkZW1vIjoiYWRtaW4ifQ.signed-in";

/// What kind of credential it is; it decides what its bearer can reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    PersonalToken,
    OrgKey,
    Session,
}

/// One credential.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) org: String,
    pub(crate) profile: String,
    pub(crate) means: Means,
    /// Empty for everything.
    pub(crate) scopes: Vec<String>,
    pub(crate) expires: Option<Timestamp>,
    pub(crate) revoked: Option<Timestamp>,
    pub(crate) created: Timestamp,
}

/// Who is calling.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) org: String,
    pub(crate) profile: String,
    pub(crate) user: String,
    pub(crate) is_admin: bool,
    pub(crate) means: Means,
    scopes: Vec<String>,
}

impl Caller {
    pub(crate) fn new(token: &Token, user: &str, is_admin: bool) -> Self {
        Self {
            org: token.org.clone(),
            profile: token.profile.clone(),
            user: user.to_owned(),
            is_admin: is_admin || token.means == Means::OrgKey,
            means: token.means,
            scopes: token.scopes.clone(),
        }
    }

    /// Whether the credential reaches a path with a verb; `None` in `resource` for outside `/api/`.
    pub(crate) fn reaches(&self, method: &str, resource: Option<&str>) -> Result<(), Reply> {
        let access = match method {
            "GET" | "HEAD" | "OPTIONS" => "read",
            _ => "write",
        };
        let name = resource.unwrap_or("schema");
        let held = |scope: &String| {
            let (of, what) = scope.split_once(':').unwrap_or((scope, ""));
            what == access && resource.is_some_and(|name| of == "*" || of == name)
        };
        let key_writes = self.means == Means::OrgKey && access == "write";
        if key_writes || !self.scopes.is_empty() && !self.scopes.iter().any(held) {
            let text = format!("This token is not scoped for {access} access to {name}.");
            return Err(Reply::detail(403, text));
        }
        Ok(())
    }
}

/// The secret that a request brings, and where: the scheme is `Bearer`, in that spelling.
pub(crate) fn presented(call: &Call) -> Option<(&str, bool)> {
    let bearer = call
        .header("authorization")
        .and_then(|value| value.strip_prefix("Bearer "));
    bearer
        .map(|secret| (secret, true))
        .or_else(|| call.header("token").map(|secret| (secret, false)))
}

/// The token that lets a caller in, if it does now.
pub(crate) fn admitted<'a>(tokens: &'a [Token], call: &Call, now: Timestamp) -> Option<&'a Token> {
    let (secret, is_bearer) = presented(call)?;
    let token = tokens.iter().find(|token| token.secret == secret)?;
    let in_place = match token.means {
        Means::PersonalToken => true,
        Means::OrgKey => !is_bearer,
        Means::Session => is_bearer,
    };
    let in_time = token.expires.is_none_or(|end| end > now) && token.revoked.is_none();
    (in_place && in_time).then_some(token)
}

/// The name of the demo's credential that a text contains, for looking back at requests.
#[must_use]
pub fn holder(text: &str) -> Option<&'static str> {
    let known = [
        (ADMIN_TOKEN, "admin"),
        (USER_TOKEN, "user"),
        (USER2_TOKEN, "user2"),
        (ORG2_TOKEN, "org2"),
        (LEADS_READ_TOKEN, "leads_read"),
        (SALES_TOKEN, "sales"),
        (EXPIRED_TOKEN, "expired"),
        (REVOKED_TOKEN, "revoked"),
        (ORG_API_KEY, "org_key"),
        (ADMIN_JWT, "session"),
    ];
    let found = known.iter().find(|(secret, _)| text.contains(secret));
    found.map(|(_, name)| *name)
}
