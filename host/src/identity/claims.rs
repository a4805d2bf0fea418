//! What a token says, and whether it is said to us, now, of somebody who may come in.
//!
//! Owns the comparison of the claims with what a manifest asks for. It must not know signatures.

use portcullis_manifest::Tokens;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::Untrusted;

/// How far the issuer's clock may be from this one, in seconds. PostgREST allows as much.
const LEEWAY: f64 = 30.0;

/// Characters of another issuer that are repeated in the log.
const LONGEST_ISSUER: usize = 200;

/// What is asked of a token.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rules {
    pub(super) issuer: String,
    audience: Vec<String>,
    role: Option<String>,
    anonymous: bool,
}

/// The claims that decide. One that stands there twice, or has another type, is refused.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    /// Seconds since 1970, which may have a fraction (RFC 7519, section 2).
    exp: f64,
    nbf: Option<f64>,
    role: Option<String>,
    is_anonymous: Option<bool>,
}

/// RFC 7519, section 4.1.3: one, or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Several(several) => several.iter().any(|one| one == name),
        }
    }
}

impl Rules {
    /// The rules of a manifest for a connection with this base.
    pub(super) fn of(tokens: &Tokens, base: &Url) -> Self {
        let issuer = match tokens.issuer.strip_prefix("{base}") {
            Some(rest) => format!("{}{rest}", base.as_str().trim_end_matches('/')),
            None => tokens.issuer.clone(),
        };
        Self {
            issuer,
            audience: tokens.audience.clone(),
            role: tokens.role.clone(),
            anonymous: tokens.anonymous,
        }
    }

    /// The rules of an issuer whose tokens are for this host; whom each of them has to be for is said with
    /// it.
    pub(super) fn of_host(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: Vec::new(),
            role: None,
            anonymous: false,
        }
    }

    /// Whom a token has to be for.
    pub(super) fn audience(&self) -> &[String] {
        &self.audience
    }

    /// Whom the claims are about, where they are all in order and for this audience.
    pub(super) fn subject_for(
        &self,
        audience: &[String],
        claims: &[u8],
        now: f64,
    ) -> Result<String, Untrusted> {
        let claims: Claims = serde_json::from_slice(claims).map_err(|_| Untrusted::Claims)?;
        let refused = if claims.sub.is_empty() {
            Some(Untrusted::Claims)
        } else if claims.iss != self.issuer {
            Some(Untrusted::Issuer)
        } else if !audience.iter().any(|name| claims.aud.holds(name)) {
            Some(Untrusted::Audience)
        } else if now >= claims.exp + LEEWAY {
            Some(Untrusted::Expired)
        } else if claims.nbf.is_some_and(|from| from > now + LEEWAY) {
            Some(Untrusted::Early)
        } else if self.role.is_some() && claims.role != self.role {
            Some(Untrusted::Role)
        } else if !self.anonymous && claims.is_anonymous == Some(true) {
            Some(Untrusted::Anonymous)
        } else {
            None
        };
        refused.map_or(Ok(claims.sub), Err)
    }
}

/// The scopes of a token: `scope` with blanks between them (RFC 9068, section 2.2.3), or `scp`, as some
/// servers have it, also as a list.
pub(super) fn scopes(claims: &[u8]) -> Vec<String> {
    #[derive(Deserialize)]
    struct Scopes {
        scope: Option<Value>,
        scp: Option<Value>,
    }
    let Ok(Scopes { scope, scp }) = serde_json::from_slice(claims) else {
        return Vec::new();
    };
    let words = |value: Value| match value {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        Value::Array(list) => list
            .into_iter()
            .filter_map(|word| word.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    };
    scope.into_iter().chain(scp).flat_map(words).collect()
}

/// The issuer that a token names, for the log: an address without parameters, or nothing. Anybody can
/// have written it.
pub(super) fn issuer(claims: &[u8]) -> Option<String> {
    let claims: Claims = serde_json::from_slice(claims).ok()?;
    let url = Url::parse(&claims.iss).ok()?;
    let plain = matches!(url.scheme(), "http" | "https") && url.has_host();
    let named = format!("{}{}", url.origin().ascii_serialization(), url.path());
    (plain && named.len() <= LONGEST_ISSUER).then_some(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn tokens(base: &str) -> Rules {
        let tokens = json!({
            "issuer": "{base}/auth/v1",
            "keys": "auth/v1/.well-known/jwks.json",
            "audience": ["authenticated"],
            "role": "authenticated"
        });
        let tokens: Tokens = serde_json::from_value(tokens).unwrap();
        Rules::of(&tokens, &Url::parse(base).unwrap())
    }

    fn subject(rules: &Rules, claims: &[u8]) -> Result<String, Untrusted> {
        rules.subject_for(rules.audience(), claims, NOW as f64)
    }

    fn claims(changes: &Value) -> Value {
        let mut claims = json!({
            "iss": "https://crm.example.com/auth/v1", "sub": "ada", "aud": "authenticated",
            "exp": NOW + 60, "role": "authenticated", "is_anonymous": false
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    #[test]
    fn each_claim_decides() {
        for (changes, expected) in [
            (json!({}), Ok("ada")),
            (json!({"aud": ["x", "authenticated"]}), Ok("ada")),
            (json!({"is_anonymous": null}), Ok("ada")),
            (json!({"exp": NOW - 29}), Ok("ada")),
            (json!({"exp": 1_800_000_060.5}), Ok("ada")),
            (json!({"nbf": NOW + 30}), Ok("ada")),
            (json!({"exp": NOW - 30}), Err(Untrusted::Expired)),
            (json!({"exp": 0}), Err(Untrusted::Expired)),
            (json!({"nbf": NOW + 31}), Err(Untrusted::Early)),
            (json!({"exp": null}), Err(Untrusted::Claims)),
            (
                json!({"exp": (NOW + 60).to_string()}),
                Err(Untrusted::Claims),
            ),
            (json!({"nbf": "later"}), Err(Untrusted::Claims)),
            (json!({"sub": ""}), Err(Untrusted::Claims)),
            (json!({"sub": null}), Err(Untrusted::Claims)),
            (json!({"sub": 7}), Err(Untrusted::Claims)),
            (json!({"aud": null}), Err(Untrusted::Claims)),
            (json!({"aud": "anon"}), Err(Untrusted::Audience)),
            (json!({"aud": []}), Err(Untrusted::Audience)),
            (json!({"aud": "authenticated2"}), Err(Untrusted::Audience)),
            (json!({"iss": null}), Err(Untrusted::Claims)),
            (
                json!({"iss": ["https://crm.example.com/auth/v1"]}),
                Err(Untrusted::Claims),
            ),
            (
                json!({"iss": "https://crm.example.com/auth/v1/"}),
                Err(Untrusted::Issuer),
            ),
            (
                json!({"iss": "https://CRM.example.com/auth/v1"}),
                Err(Untrusted::Issuer),
            ),
            (
                json!({"iss": "https://evil.example/auth/v1"}),
                Err(Untrusted::Issuer),
            ),
            (json!({"role": null}), Err(Untrusted::Role)),
            (json!({"role": "service_role"}), Err(Untrusted::Role)),
            (json!({"role": ["authenticated"]}), Err(Untrusted::Claims)),
            (json!({"is_anonymous": true}), Err(Untrusted::Anonymous)),
            (json!({"is_anonymous": "no"}), Err(Untrusted::Claims)),
        ] {
            let claims = claims(&changes).to_string();
            let found = subject(&tokens("https://crm.example.com/"), claims.as_bytes());
            let found = found.as_deref().map_err(|why| *why);
            assert_eq!(found, expected, "{changes}");
        }
    }

    #[test]
    fn another_issuer_is_named_as_far_as_it_is_an_address() {
        for (iss, named) in [
            (
                "http://kong:8000/auth/v1",
                Some("http://kong:8000/auth/v1".to_owned()),
            ),
            (
                "https://u:hunter2@a.example/x y\n?q=1#f",
                Some("https://a.example/x%20y".to_owned()),
            ),
            ("ada@example.com", None),
            ("javascript:alert(1)", None),
            (&format!("https://a.example/{}", "x".repeat(200)), None),
        ] {
            let claims = claims(&json!({ "iss": iss })).to_string();
            assert_eq!(issuer(claims.as_bytes()), named, "{iss}");
        }
        assert_eq!(issuer(b"{}"), None);
    }

    #[test]
    fn scopes_in_the_forms_that_servers_have() {
        for (claims, expected) in [
            (json!({}), &[][..]),
            (
                json!({"scope": "openid crm.read  crm.write"}),
                &["openid", "crm.read", "crm.write"],
            ),
            (json!({"scp": "crm.read"}), &["crm.read"]),
            (
                json!({"scp": ["crm.read", 7, "crm.write"]}),
                &["crm.read", "crm.write"],
            ),
            (json!({"scope": null, "scp": true}), &[]),
        ] {
            assert_eq!(scopes(claims.to_string().as_bytes()), expected, "{claims}");
        }
        assert!(scopes(b"[]").is_empty());
    }

    #[test]
    fn a_claim_that_stands_there_twice_is_refused() {
        let once = claims(&json!({})).to_string();
        let twice = once.replacen('{', r#"{"sub":"bob","#, 1);
        let rules = tokens("https://crm.example.com");
        assert_eq!(subject(&rules, twice.as_bytes()), Err(Untrusted::Claims));
    }

    #[test]
    fn the_issuer_lies_where_the_base_does() {
        for (base, issuer) in [
            ("https://a.example", "https://a.example/auth/v1"),
            ("https://A.example:443/", "https://a.example/auth/v1"),
            (
                "http://127.0.0.1:9999/sub/",
                "http://127.0.0.1:9999/sub/auth/v1",
            ),
        ] {
            assert_eq!(tokens(base).issuer, issuer);
        }
    }

    #[test]
    fn anonymous_users_and_any_role_where_a_manifest_says_so() {
        let tokens = json!({"issuer": "https://i.example", "keys": "k", "audience": ["a", "b"], "anonymous": true});
        let tokens: Tokens = serde_json::from_value(tokens).unwrap();
        let rules = Rules::of(&tokens, &Url::parse("https://crm.example").unwrap());
        let claims = json!({"iss": "https://i.example", "sub": "s", "aud": "b", "exp": NOW, "is_anonymous": true, "role": "r"});
        assert_eq!(
            subject(&rules, claims.to_string().as_bytes()),
            Ok("s".to_owned())
        );
    }
}
