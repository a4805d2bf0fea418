//! The tool `whoami`: the user behind the token, as the project and as the CRM know them.

use portcullis_sdk::{Call, Failure, Kind, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    errors::About,
    rest::{self, Record},
};

/// Tells who is asking: the CRM's sales person, whether an administrator, and the sign-in behind it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoamiArgs {}

/// The caller.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Caller {
    /// The id that sales_id of records refers to.
    sales_id: u64,
    first_name: Option<String>,
    last_name: Option<String>,
    email: Option<String>,
    administrator: bool,
    disabled: bool,
    /// The id of the sign-in.
    user_id: String,
    /// The connection that was asked, and whether it uses each caller's own identity.
    connection: Value,
}

pub(crate) fn whoami(call: &Call<'_>, _: &WhoamiArgs) -> Result<Caller, Failure> {
    let user = user(call)?;
    let sales = sales_row(call, &user)?;
    let text = |key: &str| sales.get(key).and_then(Value::as_str).map(str::to_owned);
    let flag = |key: &str| sales.get(key).and_then(Value::as_bool).unwrap_or(false);
    Ok(Caller {
        sales_id: rest::id_of(&sales).ok_or_else(no_id)?,
        first_name: text("first_name"),
        last_name: text("last_name"),
        email: text("email"),
        administrator: flag("administrator"),
        disabled: flag("disabled"),
        user_id: user,
        connection: json!({"name": call.connection().name, "identity": call.connection().identity}),
    })
}

/// The id that the caller's own records refer to.
pub(crate) fn sales_id(call: &Call<'_>) -> Result<u64, Failure> {
    let sales = sales_row(call, &user(call)?)?;
    rest::id_of(&sales).ok_or_else(no_id)
}

/// Asked of the project every time: nothing about identity is kept.
pub(crate) fn user(call: &Call<'_>) -> Result<String, Failure> {
    let ask = call.http().get(path!["auth", "v1", "user"]);
    let user: Value = rest::send(ask, &About::reading("user"))?.json()?;
    let id = user.get("id").and_then(Value::as_str);
    id.map(str::to_owned)
        .ok_or_else(|| Failure::upstream("the project's answer names no user"))
}

/// The row of the CRM that belongs to a sign-in.
pub(crate) fn sales_row(call: &Call<'_>, user: &str) -> Result<Record, Failure> {
    let ask = rest::table(call, "sales")
        .query(
            "select",
            "id,first_name,last_name,email,administrator,disabled",
        )
        .query("user_id", format!("eq.{user}"));
    let found = rest::rows(ask, &About::reading("sales"))?;
    found.into_iter().next().ok_or_else(|| {
        Failure::new(
            Kind::Forbidden,
            code::PERMISSION_DENIED,
            "this sign-in of the project is no user of the CRM, or may not see its own row",
        )
        .suggest("an administrator adds the user in the CRM")
    })
}

fn no_id() -> Failure {
    Failure::upstream("the row of the user has no id")
}
