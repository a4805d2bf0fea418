//! The filters that lists honour, each compared as the table says; everything else is ignored.

use jiff::civil::Date;
use serde_json::Value;

use super::answer::{Faulty, Reply};
use super::dates::{self, day_of};
use super::money;
use super::route::is_uuid;
use super::schema::{Entity, Filter, Kind, choices};
use super::session::Session;
use super::store::Record;

/// One filter with its values read.
enum Test<'a> {
    Contains(&'a [String], String),
    Exact(&'a str, String),
    AnyOf(&'a str, Vec<String>),
    Ids(&'a str, Vec<String>),
    Day(&'a str, Date, DayTest),
    Amount(&'a str, i64, bool),
    Is(&'a str, bool),
    Flag(&'a str),
    Custom(String, String),
}

#[derive(Clone, Copy)]
enum DayTest {
    From,
    Until,
    On,
}

/// The records that pass every filter of the request's query.
pub(crate) fn passing<'a>(
    session: &Session<'_>,
    entity: &Entity,
    records: Vec<&'a Record>,
) -> Result<Vec<&'a Record>, Reply> {
    let mut faults = Faulty::default();
    let mut tests = Vec::new();
    for filter in &entity.filters {
        let values: Vec<&str> = session
            .call
            .params(&filter.param)
            .filter(|value| !value.is_empty())
            .collect();
        if !values.is_empty()
            && let Some(test) = read(entity, filter, &values, &mut faults)?
        {
            tests.push(test);
        }
    }
    faults.refuse_bare()?;
    for (name, value) in &session.call.query {
        if let Some(key) = name.strip_prefix("cf_")
            && is_filterable(session, entity, key)
        {
            tests.push(Test::Custom(key.to_owned(), value.clone()));
        }
    }
    let passes = |record: &&Record| tests.iter().all(|test| holds(session, test, record));
    Ok(records.into_iter().filter(passes).collect())
}

fn is_filterable(session: &Session<'_>, entity: &Entity, key: &str) -> bool {
    session
        .store
        .all(&session.who.org, "custom_fields")
        .any(|one| one.text("target_model") == entity.words.model && one.text("key") == key)
}

fn read<'a>(
    entity: &Entity,
    filter: &'a Filter,
    values: &[&str],
    faults: &mut Faulty,
) -> Result<Option<Test<'a>>, Reply> {
    let last = values.last().copied().unwrap_or_default();
    let field = filter.fields.first().map_or("", String::as_str);
    let owned = || {
        values
            .iter()
            .map(|value| (*value).to_owned())
            .collect::<Vec<_>>()
    };
    let mut bad = |message: String| {
        faults.add(&filter.param, message);
        None
    };
    Ok(match filter.how.as_str() {
        "contains" => Some(Test::Contains(&filter.fields, last.to_lowercase())),
        "part" => Some(Test::Contains(&filter.fields, last.to_owned())),
        "exact" | "last" => Some(Test::Exact(field, last.to_owned())),
        "any" => Some(Test::AnyOf(field, owned())),
        "known" => known(entity, field, &owned()).map(|values| Test::AnyOf(field, values)),
        "ids" | "ref" => match values.iter().find(|id| !is_uuid(id)) {
            Some(id) => bad(format!("'{id}' is not a valid id.")),
            None => Some(Test::Ids(field, owned())),
        },
        "from" | "until" | "day" => match dates::parse(last) {
            Some(day) => Some(Test::Day(field, day, day_test(&filter.how))),
            None => bad(format!("'{last}' is not a valid date. Use YYYY-MM-DD.")),
        },
        "break-from" | "break-until" => {
            let day = dates::parse(last).ok_or_else(|| Reply::page(500))?;
            let how = filter.how.trim_start_matches("break-");
            Some(Test::Day(field, day, day_test(how)))
        }
        "least" | "most" => match money::cents(&Value::from(last)) {
            Some(amount) => Some(Test::Amount(field, amount, filter.how == "least")),
            None => bad(format!("'{last}' is not a valid number.")),
        },
        "bool" => match last {
            "true" => Some(Test::Is(field, true)),
            "false" => Some(Test::Is(field, false)),
            _ => None,
        },
        "flag" if last == "true" => Some(Test::Flag(field)),
        _ => None,
    })
}

fn day_test(how: &str) -> DayTest {
    match how {
        "from" => DayTest::From,
        "until" => DayTest::Until,
        _ => DayTest::On,
    }
}

/// Values that the choice has; none of them known means no filter at all.
fn known(entity: &Entity, field: &str, values: &[String]) -> Option<Vec<String>> {
    let Some(Kind::Choice(name)) = entity.field(field).map(|field| &field.kind) else {
        return None;
    };
    let exists = |value: &&String| choices(name).iter().any(|pair| pair[0] == value.as_str());
    let kept: Vec<String> = values.iter().filter(exists).cloned().collect();
    (!kept.is_empty()).then_some(kept)
}

fn holds(session: &Session<'_>, test: &Test<'_>, record: &Record) -> bool {
    match test {
        // A filter that kept its capitals compares with them.
        Test::Contains(fields, part) => {
            let exactly = part.chars().any(char::is_uppercase);
            fields.iter().any(|field| {
                let text = record.text(field);
                if exactly {
                    text.contains(part)
                } else {
                    text.to_lowercase().contains(part)
                }
            })
        }
        Test::Exact(field, value) => record.text(field) == value,
        Test::AnyOf(field, values) => values.iter().any(|value| record.text(field) == value),
        Test::Ids(field, ids) => ids
            .iter()
            .any(|id| record.text(field) == id || record.holds(field, id)),
        Test::Day(field, day, how) => day_field(record, field).is_some_and(|own| match how {
            DayTest::From => own >= *day,
            DayTest::Until => own <= *day,
            DayTest::On => own == *day,
        }),
        Test::Amount(field, amount, least) => {
            money::cents(&record.value(field)).is_some_and(|own| {
                if *least {
                    own >= *amount
                } else {
                    own <= *amount
                }
            })
        }
        Test::Is(field, value) => record.is(field) == *value,
        Test::Flag("open") => !record.text("stage").starts_with("CLOSED"),
        Test::Flag("rotten") => session.view().ageing(record) == "red",
        Test::Flag(_) => session.view().is_late(record, 120),
        Test::Custom(key, value) => record.value("custom_fields")[key.as_str()] == value.as_str(),
    }
}

fn day_field(record: &Record, field: &str) -> Option<Date> {
    if field == "created_at" {
        return Some(day_of(record.created));
    }
    dates::parse(record.text(field))
}
