//! The tool `overdue_tasks`: open tasks whose time has come, with the contact's name.

use portcullis_sdk::{Call, Failure, Page, datetime};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    errors::About,
    rest::{self, Record},
    settings::Settings,
    whoami,
};

const DAY_S: i64 = 86_400;

/// Lists open tasks that are due, the oldest first; with days_ahead, also those of the coming days.
/// The rows fit display_task_list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OverdueArgs {
    /// Only those of the caller.
    #[serde(default)]
    mine: bool,
    /// Only those of this sales person.
    #[schemars(range(min = 1))]
    sales_id: Option<u64>,
    /// Also those that become due within so many days.
    #[serde(default)]
    #[schemars(range(min = 0, max = 366))]
    days_ahead: u32,
    /// How many.
    #[serde(default = "fifty")]
    #[schemars(range(min = 1, max = 100))]
    limit: u64,
    /// How many to leave out before.
    #[serde(default)]
    offset: u64,
}

fn fifty() -> u64 {
    50
}

pub(crate) fn overdue(call: &Call<'_>, args: &OverdueArgs) -> Result<Page, Failure> {
    let now = datetime::seconds(&call.connection().now)
        .ok_or_else(|| Failure::internal("the host does not say what time it is"))?;
    let until = now + i64::from(args.days_ahead) * DAY_S;
    let until = datetime::from_seconds(until).replacen(' ', "T", 1);
    let owner = if args.mine {
        Some(whoami::sales_id(call)?)
    } else {
        args.sales_id
    };
    let ask = rest::table(call, "tasks")
        .query(
            "select",
            "id,type,text,due_date,contact_id,sales_id,contacts(first_name,last_name,companies(name))",
        )
        .query("done_date", "is.null")
        .query("due_date", format!("lt.{until}Z"))
        .queries(owner.map(|id| ("sales_id".to_owned(), format!("eq.{id}"))))
        .query("order", "due_date.asc,id.asc")
        .query("limit", args.limit)
        .query("offset", args.offset);
    let (rows, total) = rest::counted(ask, &About::reading("tasks"))?;
    let rows = rows.into_iter().map(|row| flat(row, now)).collect();
    let mut page = Page::counted(rows, args.offset, total);
    let settings = Settings::of(call)?;
    let mut cut = settings.cut();
    cut.records(&mut page.records);
    page.say_texts(&cut, "get_record answers with the whole text");
    page.fit(settings.answer_bytes());
    Ok(page)
}

/// The names beside the task instead of within it, and how many whole days it is late.
fn flat(mut row: Record, now: i64) -> Record {
    let contact = row.remove("contacts").unwrap_or_default();
    let word = |key: &str| contact.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = format!("{} {}", word("first_name"), word("last_name"));
    let company = contact.pointer("/companies/name").cloned();
    let due = row
        .get("due_date")
        .and_then(Value::as_str)
        .and_then(datetime::seconds);
    row.insert("contact_name".to_owned(), name.trim().into());
    row.insert("company_name".to_owned(), company.unwrap_or_default());
    if let Some(due) = due {
        let days = (now - due).div_euclid(DAY_S);
        row.insert("days_overdue".to_owned(), days.max(0).into());
    }
    row
}
