//! SuiteCRM's table: its files, logging in to both interfaces, and deleting what was made.

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::encode;
use super::saved::Saved;
use super::table::{Group, read};
use super::target::{Answer, Ask, Headers, Target};
use crate::pairs::pairs;
use crate::suitecrm::{
    ADMIN_PASSWORD, ADMIN_PASSWORD_MD5, ADMIN_USER, CLIENT_ID, CLIENT_SECRET, MACHINE_CLIENT_ID,
    MACHINE_CLIENT_SECRET, RESTRICTED_ID, RESTRICTED_PASSWORD, RESTRICTED_USER,
};

const REST: &str = "service/v4_1/rest.php";

/// SuiteCRM; paths are below the folder that holds `service` and `Api`.
///
/// The target's values say who calls: `user`, `password`, and for V8 `client_id` and
/// `client_secret`. Cases about another user need `restricted_user` and `restricted_password`, whose
/// role forbids what the in-memory CRM's forbids.
#[derive(Clone, Copy, Debug)]
pub struct SuiteTable;

impl SuiteTable {
    /// Who somebody is: v4_1 has its session in the body, V8 a token that was saved.
    #[must_use]
    pub fn credentials(who: &str, saved: &Saved) -> Option<Headers> {
        let bearer = |name: &str| {
            let token = saved.get(name)?;
            Some(vec![(
                "authorization".to_owned(),
                format!("Bearer {token}"),
            )])
        };
        match who {
            "full" | "nobody" => Some(Vec::new()),
            "v8" => bearer("token"),
            "v8_restricted" => bearer("restricted_token"),
            _ => None,
        }
    }
}

impl Dialect for SuiteTable {
    fn groups(&self) -> Result<Vec<Group>, serde_json::Error> {
        read(&[
            include_str!("suitecrm/01_protocol.json"),
            include_str!("suitecrm/02_login.json"),
            include_str!("suitecrm/03_sessions.json"),
            include_str!("suitecrm/04_metadata.json"),
            include_str!("suitecrm/05_list.json"),
            include_str!("suitecrm/06_where.json"),
            include_str!("suitecrm/07_read.json"),
            include_str!("suitecrm/08_search.json"),
            include_str!("suitecrm/09_write.json"),
            include_str!("suitecrm/10_bulk.json"),
            include_str!("suitecrm/11_links.json"),
            include_str!("suitecrm/12_notes.json"),
            include_str!("suitecrm/13_delete.json"),
            include_str!("suitecrm/14_roles.json"),
            include_str!("suitecrm/15_recent.json"),
            include_str!("suitecrm/20_v8_token.json"),
            include_str!("suitecrm/21_v8_read.json"),
            include_str!("suitecrm/22_v8_write.json"),
            include_str!("suitecrm/23_v8_roles.json"),
        ])
    }

    fn rows(&self) -> &'static str {
        "/entry_list"
    }

    fn row_name(&self) -> &'static str {
        "/name_value_list/name/value"
    }

    /// Opens a session, and with a client also asks for a token.
    async fn learn<T: Target>(&self, target: &T, saved: &mut Saved) -> Result<(), String> {
        let (session, id) = login(target, saved, "user", "password").await?;
        saved.set("session", session);
        saved.set("me", id);
        if saved.get("client_id").is_some() {
            saved.set("token", token(target, saved, "user", "password").await?);
        }
        if saved.get("restricted_user").is_some() {
            let (session, _) =
                login(target, saved, "restricted_user", "restricted_password").await?;
            saved.set("restricted_session", session);
        }
        if saved.get("restricted_session").is_some() && saved.get("client_id").is_some() {
            let token = token(target, saved, "restricted_user", "restricted_password").await?;
            saved.set("restricted_token", token);
        }
        Ok(())
    }

    /// Writes without an id, or with one that is to be new, make a record; so does a POST to V8's
    /// modules. All go through v4_1, where an id that is gone already does no harm.
    fn undo(&self, ask: &Ask, answer: &Answer, saved: &Saved) -> Option<Ask> {
        let body = answer.json()?;
        if ask.method == "POST" && ask.path == "Api/V8/module" && answer.status == 201 {
            let sent: Value = serde_json::from_slice(&ask.body).ok()?;
            let module = sent["data"]["type"].as_str()?;
            return Some(delete(
                saved,
                module,
                &[body["data"]["id"].as_str()?.to_owned()],
            ));
        }
        if ask.path != REST {
            return None;
        }
        let form = pairs(&String::from_utf8_lossy(&ask.body));
        let field = |name: &str| {
            form.iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value.as_str())
        };
        let sent: Value = serde_json::from_str(field("rest_data")?).ok()?;
        let module = sent[1].as_str().or(sent["module_name"].as_str())?;
        match field("method")? {
            "set_entry" if is_new(&sent) => {
                Some(delete(saved, module, &[body["id"].as_str()?.to_owned()]))
            }
            "set_entries" => {
                let ids: Vec<String> = serde_json::from_value(body["ids"].clone()).ok()?;
                Some(delete(saved, module, &ids))
            }
            _ => None,
        }
    }
}

fn is_new(sent: &Value) -> bool {
    let list = [&sent[2], &sent["name_value_list"]];
    let names = list.into_iter().filter_map(Value::as_array).flatten();
    let names: Vec<&Value> = names.map(|pair| &pair["name"]).collect();
    !names.iter().any(|name| *name == "id") || names.iter().any(|name| *name == "new_with_id")
}

/// Deletes records through one bulk write.
fn delete(saved: &Saved, module: &str, ids: &[String]) -> Ask {
    let lists: Vec<Value> = ids
        .iter()
        .map(|id| json!([{"name": "id", "value": id}, {"name": "deleted", "value": "1"}]))
        .collect();
    let session = saved.get("session").unwrap_or_default();
    call("set_entries", &json!([session, module, lists]))
}

fn call(method: &str, data: &Value) -> Ask {
    let mut form = Map::new();
    form.insert("method".into(), json!(method));
    form.insert("input_type".into(), json!("JSON"));
    form.insert("response_type".into(), json!("JSON"));
    form.insert("rest_data".into(), data.clone());
    Ask {
        method: "POST".into(),
        path: REST.into(),
        headers: vec![(
            "content-type".into(),
            "application/x-www-form-urlencoded".into(),
        )],
        body: encode::form(&form).into_bytes(),
        ..Ask::default()
    }
}

/// A session's id and its user's.
async fn login<T: Target>(
    target: &T,
    saved: &Saved,
    user: &str,
    password: &str,
) -> Result<(String, String), String> {
    let (user, password) = (
        saved.get(user).ok_or("no user")?,
        saved.get(password).ok_or("no password")?,
    );
    let auth = json!({"user_name": user, "password": password, "encryption": "PLAIN"});
    let answer = target
        .send(call("login", &json!([auth, "portcullis-live", []])))
        .await?;
    let body = answer.json().ok_or("the login answered no JSON")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let id = text(&body["name_value_list"]["user_id"]["value"]);
    text(&body["id"])
        .zip(id)
        .ok_or_else(|| "the login was refused".to_owned())
}

async fn token<T: Target>(
    target: &T,
    saved: &Saved,
    user: &str,
    password: &str,
) -> Result<String, String> {
    let value = |name: &str| saved.get(name).unwrap_or_default();
    let body = json!({
        "grant_type": "password", "client_id": value("client_id"),
        "client_secret": value("client_secret"), "username": value(user), "password": value(password),
    });
    let ask = Ask {
        method: "POST".into(),
        path: "Api/access_token".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
        ..Ask::default()
    };
    let answer = target.send(ask).await?;
    let token = answer
        .json()
        .and_then(|body| body["access_token"].as_str().map(str::to_owned));
    token.ok_or_else(|| format!("the token was refused with {}", answer.status))
}

/// The in-memory CRM's users and clients by the names the table gives them.
pub(super) fn demo_values() -> Vec<(String, String)> {
    [
        ("user", ADMIN_USER),
        ("password", ADMIN_PASSWORD),
        ("password_md5", ADMIN_PASSWORD_MD5),
        ("restricted_user", RESTRICTED_USER),
        ("restricted_password", RESTRICTED_PASSWORD),
        ("restricted_id", RESTRICTED_ID),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("machine_id", MACHINE_CLIENT_ID),
        ("machine_secret", MACHINE_CLIENT_SECRET),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// The same, for requests.
pub(super) fn demo_credentials(who: &str, _ask: &Ask, saved: &Saved) -> Option<Headers> {
    SuiteTable::credentials(who, saved)
}
