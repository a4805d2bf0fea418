//! The tool `search`: words across entities.

use portcullis_sdk::{Call, Cut, Failure, code};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    entity::{self, Entity},
    errors::About,
    rest::{self, Record},
    settings::Settings,
    tables,
};

/// Where to look unless told otherwise.
const USUAL: &[&str] = &["contacts", "companies", "deals"];

/// Finds records that hold all of the words, in names, addresses, e-mail, telephone, titles and
/// texts. Archived deals are found too and have archived_at.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchArgs {
    /// The words.
    #[schemars(length(min = 1, max = 200))]
    text: String,
    /// Where to look; contacts, companies and deals unless given.
    #[serde(default)]
    #[schemars(length(max = 8), extend("items" = {"type": "string", "enum": tables::NAMES}))]
    entities: Vec<String>,
    /// How many of each kind.
    #[serde(default = "ten")]
    #[schemars(range(min = 1, max = 50))]
    limit: u64,
}

fn ten() -> u64 {
    10
}

/// What was found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Found {
    results: Vec<Hits>,
}

/// Records of one kind.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Hits {
    entity: &'static str,
    /// How many there are in all.
    total: u64,
    records: Vec<Record>,
    /// What was cut and how to get the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

pub(crate) fn search(call: &Call<'_>, args: &SearchArgs) -> Result<Found, Failure> {
    let words: Vec<&str> = args.text.split_whitespace().take(8).collect();
    if words.is_empty() {
        return Err(
            Failure::bad_input(code::INVALID_ARGUMENT, "there is no word to look for").at("/text"),
        );
    }
    let entities = chosen(&args.entities)?;
    let asks = entities
        .iter()
        .map(|entity| {
            rest::table(call, entity.view)
                .query("select", entity.row)
                .query("and", condition(entity, &words))
                .query("order", entity.order)
                .query("limit", args.limit)
                .header("prefer", "count=exact")
        })
        .collect();
    let settings = Settings::of(call)?;
    let mut room = settings.answer_bytes();
    let mut results = Vec::new();
    for (entity, answer) in entities.into_iter().zip(call.http().send_all(asks)) {
        let (rows, total) = rest::settle_counted(answer?, &About::of(entity, "read"))?;
        results.push(hits(entity, rows, total, &mut room, settings.cut()));
    }
    Ok(Found { results })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Entity>, Failure> {
    if names.is_empty() {
        return USUAL.iter().map(|name| entity::find(name)).collect();
    }
    names.iter().map(|name| entity::find(name)).collect()
}

/// Every word in some column.
fn condition(entity: &Entity, words: &[&str]) -> String {
    let groups: Vec<String> = words
        .iter()
        .map(|word| {
            let pattern = rest::quoted(&rest::containing(word));
            let tests: Vec<String> = entity
                .words
                .iter()
                .map(|column| format!("{column}.ilike.{pattern}"))
                .collect();
            format!("or({})", tests.join(","))
        })
        .collect();
    format!("({})", groups.join(","))
}

fn hits(
    entity: &'static Entity,
    rows: Vec<Record>,
    total: u64,
    room: &mut usize,
    mut cut: Cut,
) -> Hits {
    let read = rows.len();
    let mut records = Vec::new();
    for mut row in rows {
        cut.record(&mut row);
        let size = portcullis_sdk::text::json_len(&row);
        if size > *room {
            break;
        }
        *room -= size;
        records.push(row);
    }
    let shown = records.len() as u64;
    let left_out = (shown < total).then(|| {
        let why = if records.len() < read {
            ", because the answer would become too long"
        } else {
            ""
        };
        format!("{shown} of {total} are shown{why}; use list_records with filters, or more words")
    });
    let texts = cut.told("get_record answers with the whole of those that its `fields` names");
    let told: Vec<String> = left_out.into_iter().chain(texts).collect();
    let truncated = (!told.is_empty()).then(|| told.join(". "));
    Hits {
        entity: entity.name,
        total,
        records,
        truncated,
    }
}
