//! The tool `pipeline_summary`: open deals by stage, counted and summed exactly.
//!
//! The project's API offers no sums, so the deals are read page by page.

use portcullis_sdk::{Call, Failure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    choices::{Choice, Configuration},
    rest::Record,
    whoami, whole,
};

/// Sums up the deals that are not archived: how many and how much in each stage, in the order of the
/// CRM's board, with what is overdue. Amounts are whole units of the currency.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SummaryArgs {
    /// Only those of this sales person.
    #[schemars(range(min = 1))]
    sales_id: Option<u64>,
    /// Only those of the caller.
    #[serde(default)]
    mine: bool,
    /// Only those of this category.
    category: Option<String>,
}

/// The pipeline.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Summary {
    currency: String,
    stages: Vec<Stage>,
    /// All deals.
    deals: u64,
    amount: i128,
    /// Those in stages that the CRM does not count as decided.
    open_deals: u64,
    open_amount: i128,
    /// Open deals whose expected closing date has passed.
    overdue_deals: u64,
    /// What was left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    truncated: Option<String>,
}

/// One column of the board.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Stage {
    stage: String,
    label: String,
    deals: u64,
    amount: i128,
    /// How many of them have no amount.
    without_amount: u64,
    /// Whether its deals are decided: a stage of dealPipelineStatuses, or lost.
    decided: bool,
    /// Whether the CRM's configuration does not know it, so that the board does not show it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unknown: bool,
}

pub(crate) fn summary(call: &Call<'_>, args: &SummaryArgs) -> Result<Summary, Failure> {
    let configuration = Configuration::read(call)?;
    let mut filters = vec![("archived_at".to_owned(), "is.null".to_owned())];
    if let Some(category) = &args.category {
        let category = configuration.accept(Choice::Category, "category", category, "/category")?;
        filters.push(("category".to_owned(), format!("eq.{category}")));
    }
    let owner = if args.mine {
        Some(whoami::sales_id(call)?)
    } else {
        args.sales_id
    };
    filters.extend(owner.map(|id| ("sales_id".to_owned(), format!("eq.{id}"))));
    let deals = whole::read(
        call,
        "deals",
        "id,stage,amount,expected_closing_date",
        &filters,
    )?;
    let mut summary = Summary {
        currency: configuration.currency(),
        stages: columns(&configuration),
        deals: 0,
        amount: 0,
        open_deals: 0,
        open_amount: 0,
        overdue_deals: 0,
        truncated: deals.cut(),
    };
    let today = call
        .connection()
        .now
        .get(..10)
        .unwrap_or_default()
        .to_owned();
    for deal in &deals.rows {
        add(&mut summary, deal, &today);
    }
    Ok(summary)
}

fn columns(configuration: &Configuration) -> Vec<Stage> {
    let decided = configuration.decided_stages();
    configuration
        .options(Choice::Stage)
        .into_iter()
        .map(|option| Stage {
            decided: decided.contains(&option.value),
            stage: option.value,
            label: option.label,
            deals: 0,
            amount: 0,
            without_amount: 0,
            unknown: false,
        })
        .collect()
}

fn add(summary: &mut Summary, deal: &Record, today: &str) {
    let stage = deal
        .get("stage")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let amount = deal.get("amount").and_then(Value::as_i64);
    let at = summary
        .stages
        .iter()
        .position(|column| column.stage == stage)
        .unwrap_or_else(|| {
            summary.stages.push(Stage {
                stage: stage.to_owned(),
                label: stage.to_owned(),
                deals: 0,
                amount: 0,
                without_amount: 0,
                decided: false,
                unknown: true,
            });
            summary.stages.len() - 1
        });
    let value = i128::from(amount.unwrap_or(0));
    let column = &mut summary.stages[at];
    column.deals += 1;
    column.amount += value;
    column.without_amount += u64::from(amount.is_none());
    summary.deals += 1;
    summary.amount += value;
    if column.decided {
        return;
    }
    summary.open_deals += 1;
    summary.open_amount += value;
    let closing = deal.get("expected_closing_date").and_then(Value::as_str);
    summary.overdue_deals += u64::from(closing.is_some_and(|date| date < today));
}
