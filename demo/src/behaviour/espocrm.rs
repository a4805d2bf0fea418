//! EspoCRM's table: its files, who is calling, and the in-memory CRM's users.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use super::dialect::Dialect;
use super::saved::Saved;
use super::table::{Group, read};
use super::target::{Answer, Ask, Headers, Target};
use crate::espocrm::{
    ADMIN_PASSWORD, ADMIN_USER, FULL_KEY, HMAC_KEY, HMAC_SECRET, NO_ADDRESS_KEY, OWN_KEY,
    READ_ONLY_KEY,
};

/// EspoCRM; paths are below `/api/v1/`.
#[derive(Clone, Copy, Debug)]
pub struct EspoTable;

impl Dialect for EspoTable {
    fn groups(&self) -> Result<Vec<Group>, serde_json::Error> {
        read(&[
            include_str!("espocrm/01_auth.json"),
            include_str!("espocrm/02_discovery.json"),
            include_str!("espocrm/03_list.json"),
            include_str!("espocrm/04_read.json"),
            include_str!("espocrm/05_create.json"),
            include_str!("espocrm/06_update.json"),
            include_str!("espocrm/07_links.json"),
            include_str!("espocrm/08_notes.json"),
            include_str!("espocrm/09_kanban.json"),
            include_str!("espocrm/10_email.json"),
            include_str!("espocrm/14_delete.json"),
            include_str!("espocrm/15_protocol.json"),
            include_str!("espocrm/16_lockout.json"),
            include_str!("espocrm/17_traps.json"),
            include_str!("espocrm/18_pipelines.json"),
        ])
    }

    fn rows(&self) -> &'static str {
        "/list"
    }

    /// Finds out who is calling and who could own a record.
    async fn learn<T: Target>(&self, target: &T, saved: &mut Saved) -> Result<(), String> {
        let me = get(target, saved, "App/user", "").await?;
        let id = me["user"]["id"]
            .as_str()
            .ok_or("App/user names no user")?
            .to_owned();
        let pipelines = &me["appParams"]["pipelines"]["Opportunity"];
        if !pipelines.is_null() {
            saved.set("pipelines", "on");
        }
        saved.set("me", id.as_str());
        saved.set("long", "n".repeat(300));
        saved.set("text", "x".repeat(10_050));
        saved.set("cut", "x".repeat(10_000));
        saved.set("from", text(&me["user"]["emailAddress"]));
        let users = get(target, saved, "User", "maxSize=20&select=id,type").await?;
        let human = users["list"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|user| user["type"] == "regular");
        saved.set("owner", human.map_or(id.as_str(), |user| text(&user["id"])));
        if let Some(first) = pipelines.get(0) {
            saved.set("pipeline", text(&first["id"]));
            saved.set("stage", text(&first["stages"][2]["id"]));
        }
        Ok(())
    }

    /// A POST to a collection makes a record, whose id is in the answer.
    fn undo(&self, ask: &Ask, answer: &Answer, _saved: &Saved) -> Option<Ask> {
        let created = ask.method == "POST" && !ask.path.contains('/') && answer.status == 200;
        let id = answer.json().filter(|_| created)?["id"]
            .as_str()?
            .to_owned();
        Some(Ask {
            method: "DELETE".into(),
            path: format!("{}/{id}", ask.path),
            ..Ask::default()
        })
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

async fn get<T: Target>(
    target: &T,
    saved: &Saved,
    path: &str,
    query: &str,
) -> Result<Value, String> {
    let mut ask = Ask {
        method: "GET".into(),
        path: path.into(),
        query: query.into(),
        ..Ask::default()
    };
    ask.headers = target
        .credentials("full", &ask, saved)
        .ok_or("no full user")?;
    let answer = target.send(ask).await?;
    if answer.status != 200 {
        return Err(format!(
            "{path} answered {} ({})",
            answer.status,
            answer.header("x-status-reason").unwrap_or("no reason")
        ));
    }
    answer
        .json()
        .ok_or_else(|| format!("{path} answered no JSON"))
}

/// The in-memory CRM's users by the names the table gives them.
pub(super) fn demo_credentials(who: &str, ask: &Ask, _saved: &Saved) -> Option<Headers> {
    let key = |value: &str| vec![("x-api-key".to_owned(), value.to_owned())];
    let basic = |password: &str| {
        let token = STANDARD.encode(format!("{ADMIN_USER}:{password}"));
        vec![("authorization".to_owned(), format!("Basic {token}"))]
    };
    Some(match who {
        "full" => key(FULL_KEY),
        "no_address" => key(NO_ADDRESS_KEY),
        "reader" => key(READ_ONLY_KEY),
        "own" => key(OWN_KEY),
        "hmac_key_as_api_key" => key(HMAC_KEY),
        "stranger" => key("00000000000000000000000000000000"),
        "empty_key" => key(""),
        "nobody" => Vec::new(),
        "admin" => basic(ADMIN_PASSWORD),
        "wrong_password" => basic("guessed"),
        "espo_authorization" => vec![(
            "espo-authorization".to_owned(),
            STANDARD.encode(format!("{ADMIN_USER}:{ADMIN_PASSWORD}")),
        )],
        "signer" => signature(ask, HMAC_SECRET, b"", true),
        "signer_binary" => signature(ask, HMAC_SECRET, b"", false),
        "signer_wrong_secret" => signature(ask, "another secret", b"", true),
        "signer_with_body" => signature(ask, HMAC_SECRET, &ask.body, true),
        _ => return None,
    })
}

/// Verb and path, and when asked the body, which EspoCRM does not want.
fn signature(ask: &Ask, secret: &str, body: &[u8], hexadecimal: bool) -> Headers {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return Vec::new();
    };
    mac.update(format!("{} /{}", ask.method, ask.path).as_bytes());
    mac.update(body);
    let digest = mac.finalize().into_bytes();
    let tail = if hexadecimal {
        hex::encode(digest).into_bytes()
    } else {
        digest.to_vec()
    };
    let token = [HMAC_KEY.as_bytes(), b":", &tail].concat();
    vec![("x-hmac-authorization".to_owned(), STANDARD.encode(token))]
}
