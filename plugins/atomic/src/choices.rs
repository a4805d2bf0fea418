//! Allowed values: the CRM's configuration row, each list falling back to the CRM's default.
//!
//! Knows where the lists are and what the CRM ships; it judges values and sends one request.

use std::time::Duration;

use portcullis_sdk::{Call, Failure, code, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{errors::About, rest, settings::Settings};

const CACHE_KEY: &str = "configuration";
/// The stage of lost deals, by the name that the CRM's pages know it by.
const LOST: &str = "lost";

/// A list of allowed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    Stage,
    Category,
    Status,
    TaskType,
    Sector,
    Gender,
}

/// One list: its key in the configuration, and what holds without it. Source: the CRM's default
/// configuration, release 1.5 of March 2026; a gender cannot be configured.
struct List {
    key: &'static str,
    shipped: &'static [&'static str],
}

impl Choice {
    const ALL: [Self; 6] = [
        Self::Stage,
        Self::Category,
        Self::Status,
        Self::TaskType,
        Self::Sector,
        Self::Gender,
    ];

    /// Its key in the configuration.
    pub(crate) const fn key(self) -> &'static str {
        self.list().key
    }

    const fn list(self) -> List {
        match self {
            Self::Stage => List {
                key: "dealStages",
                shipped: &[
                    "opportunity",
                    "proposal-sent",
                    "in-negociation",
                    "won",
                    "lost",
                    "delayed",
                ],
            },
            Self::Category => List {
                key: "dealCategories",
                shipped: &[
                    "other",
                    "copywriting",
                    "print-project",
                    "ui-design",
                    "website-design",
                ],
            },
            Self::Status => List {
                key: "noteStatuses",
                shipped: &["cold", "warm", "hot", "in-contract"],
            },
            Self::TaskType => List {
                key: "taskTypes",
                shipped: &[
                    "none",
                    "email",
                    "demo",
                    "lunch",
                    "meeting",
                    "follow-up",
                    "thank-you",
                    "ship",
                    "call",
                ],
            },
            Self::Sector => List {
                key: "companySectors",
                shipped: &[
                    "communication-services",
                    "consumer-discretionary",
                    "consumer-staples",
                    "energy",
                    "financials",
                    "health-care",
                    "industrials",
                    "information-technology",
                    "materials",
                    "real-estate",
                    "utilities",
                ],
            },
            Self::Gender => List {
                key: "gender",
                shipped: &["male", "female", "nonbinary"],
            },
        }
    }
}

/// A value and what people see for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Listed {
    pub(crate) value: String,
    pub(crate) label: String,
}

/// The configuration row.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Configuration(Value);

impl Configuration {
    /// Reads the row, or what an earlier call kept of it. Without a row, or in a release without
    /// that table, the CRM's defaults hold.
    pub(crate) fn read(call: &Call<'_>) -> Result<Self, Failure> {
        if let Some(kept) = call.cache().value(CACHE_KEY) {
            return Ok(Self(kept));
        }
        let ask = rest::table(call, "configuration")
            .query("select", "config")
            .query("id", "eq.1");
        let config = match rest::rows(ask, &About::reading("configuration")) {
            Ok(rows) => rows
                .into_iter()
                .next()
                .and_then(|mut row| row.remove("config"))
                .filter(Value::is_object)
                .unwrap_or_else(|| json!({})),
            Err(failure) if &*failure.code == crate::errors::MISSING => json!({}),
            Err(failure) => return Err(failure),
        };
        let ttl = Settings::of(call)?.configuration_ttl_s;
        call.cache()
            .put(CACHE_KEY, &config, Duration::from_secs(ttl.into()));
        Ok(Self(config))
    }

    /// The allowed values of a list.
    pub(crate) fn options(&self, choice: Choice) -> Vec<Listed> {
        let list = choice.list();
        let configured = self.0.get(list.key).and_then(Value::as_array);
        let configured: Option<Vec<Listed>> =
            configured.map(|items| items.iter().filter_map(option).collect());
        configured
            .filter(|options| !options.is_empty())
            .unwrap_or_else(|| list.shipped.iter().map(|value| plain(value)).collect())
    }

    /// The stages whose deals are decided: those that the configuration names, which are the ones
    /// counted as won, and `lost`, which the CRM's own pages never count as pending.
    pub(crate) fn decided_stages(&self) -> Vec<String> {
        let mut stages = self.won_stages();
        if !stages.iter().any(|stage| stage == LOST) {
            stages.push(LOST.to_owned());
        }
        stages
    }

    /// What the configuration names as `dealPipelineStatuses`.
    fn won_stages(&self) -> Vec<String> {
        let configured = self.0.get("dealPipelineStatuses").and_then(Value::as_array);
        let values = configured.map(|items| {
            items
                .iter()
                .filter_map(|item| Some(option(item)?.value))
                .collect()
        });
        values.unwrap_or_else(|| vec!["won".to_owned()])
    }

    pub(crate) fn currency(&self) -> String {
        let configured = self.0.get("currency").and_then(Value::as_str);
        configured.unwrap_or("USD").to_owned()
    }

    /// Every list, for `get_schema`.
    pub(crate) fn lists(&self) -> serde_json::Map<String, Value> {
        let mut lists: serde_json::Map<String, Value> = Choice::ALL
            .into_iter()
            .map(|choice| (choice.list().key.to_owned(), json!(self.values(choice))))
            .collect();
        lists.insert("dealPipelineStatuses".to_owned(), json!(self.won_stages()));
        lists.insert("currency".to_owned(), json!(self.currency()));
        lists
    }

    fn values(&self, choice: Choice) -> Vec<String> {
        self.options(choice)
            .into_iter()
            .map(|option| option.value)
            .collect()
    }

    /// The value as the CRM stores it: an allowed value, or the one whose label was given.
    pub(crate) fn accept(
        &self,
        choice: Choice,
        field: &str,
        given: &str,
        at: &str,
    ) -> Result<String, Failure> {
        let options = self.options(choice);
        if let Some(found) = options.iter().find(|option| {
            option.value == given
                || option.value.eq_ignore_ascii_case(given)
                || option.label.eq_ignore_ascii_case(given)
        }) {
            return Ok(found.value.clone());
        }
        let values: Vec<&str> = options.iter().map(|option| option.value.as_str()).collect();
        Err(Failure::bad_input(
            code::INVALID_FIELD_VALUE,
            format!(
                "{field} has no value `{given}`; this CRM's configuration allows {}",
                values.join(", ")
            ),
        )
        .at(at)
        .suggest_some(text::did_you_mean(given, values)))
    }
}

fn option(item: &Value) -> Option<Listed> {
    match item {
        Value::String(value) => Some(plain(value)),
        Value::Object(map) => {
            let value = map.get("value")?.as_str()?;
            let label = map.get("label").and_then(Value::as_str).unwrap_or(value);
            Some(Listed {
                value: value.to_owned(),
                label: label.to_owned(),
            })
        }
        _ => None,
    }
}

fn plain(value: &str) -> Listed {
    Listed {
        value: value.to_owned(),
        label: value.to_owned(),
    }
}
