//! Where each CRM's installation is named: its variables, its base, its users.

use portcullis_demo::behaviour::{AtomicTable, Saved, SuiteTable};

use super::target::Live;

/// `ESPOCRM_URL` and `ESPOCRM_API_KEY`; the key's user needs every right on the table's entities.
pub fn espocrm() -> Result<Live, String> {
    let [url, key] = variables(["ESPOCRM_URL", "ESPOCRM_API_KEY"])?;
    let who = move |who: &str, _: &Saved| match who {
        "full" => Some(vec![("x-api-key".to_owned(), key.clone())]),
        "nobody" => Some(Vec::new()),
        _ => None,
    };
    let base = format!("{}/api/v1", url.trim_end_matches('/'));
    Live::new(base, Box::new(who), Vec::new())
}

/// `SUITECRM_ENDPOINT`, the address of `rest.php`, `SUITECRM_USERNAME` and `SUITECRM_PASSWORD` of an
/// administrator; with `SUITECRM_V8_CLIENT_ID` and `SUITECRM_V8_CLIENT_SECRET` also V8.
pub fn suitecrm() -> Result<Live, String> {
    let [endpoint, user, password] = variables([
        "SUITECRM_ENDPOINT",
        "SUITECRM_USERNAME",
        "SUITECRM_PASSWORD",
    ])?;
    let Some(base) = endpoint
        .trim_end_matches('/')
        .strip_suffix("/service/v4_1/rest.php")
    else {
        return Err("SUITECRM_ENDPOINT does not end in /service/v4_1/rest.php".to_owned());
    };
    let mut values = vec![("user".to_owned(), user), ("password".to_owned(), password)];
    let client = ["SUITECRM_V8_CLIENT_ID", "SUITECRM_V8_CLIENT_SECRET"].map(variable);
    match client {
        [Some(id), Some(secret)] => {
            values.push(("client_id".to_owned(), id));
            values.push(("client_secret".to_owned(), secret));
        }
        [None, None] => {}
        _ => {
            return Err(
                "set both SUITECRM_V8_CLIENT_ID and SUITECRM_V8_CLIENT_SECRET, or none".to_owned(),
            );
        }
    }
    Live::new(base.to_owned(), Box::new(SuiteTable::credentials), values)
}

/// `BCRM_BASE_URL` and `BCRM_TOKEN`; the token is an administrator's and not restricted.
pub fn bottlecrm() -> Result<Live, String> {
    let [url, token] = variables(["BCRM_BASE_URL", "BCRM_TOKEN"])?;
    let who = move |who: &str, _: &Saved| {
        let bearer = |scheme: &str, token: &str| {
            Some(vec![(
                "authorization".to_owned(),
                format!("{scheme} {token}"),
            )])
        };
        match who {
            "full" => bearer("Bearer", &token),
            "small_scheme" => bearer("bearer", &token),
            "stranger" => bearer("Bearer", "bcrm_pat_nobody-knows-this-one"),
            "in_token_header" => Some(vec![("token".to_owned(), token.clone())]),
            "nobody" => Some(Vec::new()),
            _ => None,
        }
    };
    Live::new(
        url.trim_end_matches('/').to_owned(),
        Box::new(who),
        Vec::new(),
    )
}

/// `SUPABASE_URL`, `SUPABASE_PUBLISHABLE_KEY` (or `SUPABASE_ANON_KEY`), `SUPABASE_EMAIL` and
/// `SUPABASE_PASSWORD` of any user of the CRM.
pub fn atomic() -> Result<Live, String> {
    let key = variable("SUPABASE_PUBLISHABLE_KEY").or_else(|| variable("SUPABASE_ANON_KEY"));
    let rest = variables(["SUPABASE_URL", "SUPABASE_EMAIL", "SUPABASE_PASSWORD"]);
    let missing = "SUPABASE_PUBLISHABLE_KEY";
    let (key, [url, email, password]) = match (key, rest) {
        (Some(key), rest) => (key, rest?),
        (None, Ok(_)) => return Err(format!("not set: {missing}")),
        (None, Err(others)) => return Err(format!("{others}, {missing}")),
    };
    let values = [
        ("key", key),
        ("email", email),
        ("password", password),
        ("gateway", "yes".to_owned()),
    ];
    Live::new(
        url.trim_end_matches('/').to_owned(),
        Box::new(AtomicTable::credentials),
        values.map(|(name, value)| (name.to_owned(), value)).into(),
    )
}

/// The values of all variables, or the names of those that are missing.
fn variables<const N: usize>(names: [&str; N]) -> Result<[String; N], String> {
    let missing: Vec<&str> = names
        .into_iter()
        .filter(|name| variable(name).is_none())
        .collect();
    if missing.is_empty() {
        Ok(names.map(|name| variable(name).unwrap_or_default()))
    } else {
        Err(format!("not set: {}", missing.join(", ")))
    }
}

/// The value of a variable that is set to more than blanks.
fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}
