//! A condition of a search, as the caller writes it.
//!
//! Shape and documentation alone; `where_clause` checks and converts it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// One condition.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Condition {
    /// Operator: equals, notEquals, like (`%` is the wildcard), greaterThan, lessThan, in, isNull,
    /// isNotNull, between (two values); also greaterThanOrEquals, lessThanOrEquals, notIn, notLike,
    /// contains, notContains, startsWith, endsWith, isTrue, isFalse, on, notOn, after, before,
    /// today, past, future, lastSevenDays, currentMonth, lastMonth, nextMonth, currentQuarter,
    /// lastQuarter, currentYear, lastYear, lastXDays, nextXDays, olderThanXDays, afterXDays (value:
    /// days), linkedWith, notLinkedWith, isLinked, isNotLinked, arrayAnyOf, arrayNoneOf,
    /// arrayAllOf, arrayIsEmpty, arrayIsNotEmpty, and, or (value: conditions).
    #[serde(rename = "type")]
    pub(crate) operator: String,
    /// Field or attribute, e.g. `stage`, `account`, `accountId`.
    #[serde(default)]
    pub(crate) field: Option<String>,
    /// The same under its other name.
    #[serde(default)]
    pub(crate) attribute: Option<String>,
    /// What to compare with; a list for in, notIn and between. Dates are `2026-12-31`, date-times
    /// `2026-12-31T09:30:00Z`.
    #[serde(default)]
    pub(crate) value: Option<Value>,
}
