//! Logging in, and the two methods that need no session.

use serde_json::{Map, Value, json};

use super::Answer;
use super::arguments::{Arguments, text};
use crate::suitecrm::Inner;
use crate::suitecrm::reply::Failure;
use crate::suitecrm::users::User;

impl Inner {
    pub(super) fn outside_session(
        &self,
        method: &str,
        arguments: &Arguments,
        address: &str,
    ) -> Answer {
        match method {
            "login" => self.login(arguments, address),
            "seamless_login" => {
                let session = arguments.text("session");
                let mut state = self.state();
                let alive = state
                    .sessions
                    .enter(&session, address, self.now())
                    .is_some();
                Ok(json!(i32::from(alive)))
            }
            _ => Ok(json!({
                "flavor": "CE",
                "version": "6.5.25",
                "suitecrm_version": "7.14.6",
                "gmt_time": crate::clock::stamp(self.now()),
            })),
        }
    }

    fn login(&self, arguments: &Arguments, address: &str) -> Answer {
        let user = known(arguments.get("user_auth")).ok_or(Failure::InvalidLogin)?;
        let mut state = self.state();
        if state.refuses_logins {
            return Err(Failure::InvalidLogin);
        }
        let id = state.sessions.open(user, address, self.now());
        Ok(json!({"id": id, "module_name": "Users", "name_value_list": about(user)}))
    }
}

/// The user whose password it is: as MD5 in hexadecimal, or clear with the flag that says so.
fn known(auth: &Value) -> Option<&'static User> {
    let user = User::named(&text(&auth["user_name"]))?;
    let sent = text(&auth["password"]);
    let fits = if auth["encryption"] == "PLAIN" {
        sent == user.password
    } else {
        sent.eq_ignore_ascii_case(user.password_md5)
    };
    fits.then_some(user)
}

fn about(user: &User) -> Map<String, Value> {
    let values = [
        ("user_id", json!(user.id)),
        ("user_name", json!(user.name)),
        ("user_language", json!("en_us")),
        ("user_currency_id", Value::Null),
        ("user_is_admin", json!(user.is_admin)),
        ("user_default_team_id", Value::Null),
        ("user_default_dateformat", json!("m/d/Y")),
        ("user_default_timeformat", json!("H:i")),
        ("user_number_separator", json!(",")),
        ("user_decimal_separator", json!(".")),
        ("mobile_max_list_entries", Value::Null),
        ("mobile_max_subpanel_entries", Value::Null),
        ("user_currency_name", json!("US Dollars")),
    ];
    values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!({"name": name, "value": value})))
        .collect()
}
