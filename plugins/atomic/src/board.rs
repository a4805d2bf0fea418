//! The order of deals within a stage: a column of the CRM's board, where `index` is a deal's place.
//!
//! The database does not keep the numbers apart, so whoever moves a deal renumbers, as the CRM's
//! pages do. Every other deal is a request of its own; where that would be too many, the deal alone
//! gets a number that puts it in its place: one below the first, one above the last, or one between.

use portcullis_sdk::{Call, Failure};
use serde_json::{Value, json};

use crate::{
    errors::About,
    rest::{self, Record},
    write,
};

/// Deals of one stage that a call renumbers. Each is a request of its own, a move has two stages, and
/// the host allows 64 requests unless told otherwise.
const MOST: usize = 25;

/// The deals of a stage in the board's order.
pub(crate) struct Column(Vec<Place>);

/// A deal and its number.
#[derive(Debug, Clone, Copy)]
struct Place {
    id: u64,
    index: Option<i64>,
}

/// Where a deal goes in a column.
pub(crate) struct Placing {
    /// Its own number.
    pub(crate) index: i64,
    /// Others and the numbers that they get.
    others: Vec<(u64, usize)>,
    /// Where that does not put it in its place.
    warning: Option<String>,
}

impl Column {
    /// The deals of a stage but for one, which is about to be placed or has left.
    pub(crate) fn read(
        call: &Call<'_>,
        stage: &str,
        without: Option<u64>,
    ) -> Result<Self, Failure> {
        let ask = rest::table(call, "deals")
            .query("select", "id,index")
            .query("stage", format!("eq.{stage}"))
            .query("archived_at", "is.null")
            .query("order", "index.asc.nullslast,id.asc");
        let rows = rest::rows(ask, &About::reading("deals"))?;
        let places = rows.iter().filter_map(place);
        Ok(Self(
            places.filter(|place| Some(place.id) != without).collect(),
        ))
    }

    /// Numbers for a deal at a position, 0 being the top.
    pub(crate) fn place(&self, position: usize) -> Placing {
        let at = position.min(self.0.len());
        let others = self.wrong(|place| if place < at { place } else { place + 1 });
        if others.len() <= MOST {
            return Placing {
                index: i64::try_from(at).unwrap_or(i64::MAX),
                others,
                warning: None,
            };
        }
        let (index, fits) = self.between(at);
        let warning = format!(
            "{} other deals of the stage keep their numbers, because more than {MOST} would have to be renumbered, and no number is free at this position; the board may show the deal at another one",
            others.len()
        );
        Placing {
            index,
            others: Vec::new(),
            warning: (!fits).then_some(warning),
        }
    }

    /// A number that puts a deal before the one at this place, and whether it does so for certain.
    /// Deals without a number come last.
    fn between(&self, at: usize) -> (i64, bool) {
        let before = at.checked_sub(1).and_then(|before| self.0.get(before));
        let after = self.0.get(at).and_then(|after| after.index);
        let (index, fits) = match (before.map(|place| place.index), after) {
            (None, Some(after)) => (after.saturating_sub(1), true),
            (None, None) => (0, true),
            (Some(Some(before)), Some(after)) => {
                let next = before.saturating_add(1);
                (next, next < after)
            }
            (Some(Some(before)), None) => (before.saturating_add(1), true),
            (Some(None), _) => (self.last().map_or(0, |last| last.saturating_add(1)), false),
        };
        // The column is a smallint.
        let kept = index.clamp(i64::from(i16::MIN), i64::from(i16::MAX));
        (kept, fits && kept == index)
    }

    fn last(&self) -> Option<i64> {
        self.0.iter().filter_map(|place| place.index).max()
    }

    /// Deals whose number is not the one that their place wants.
    fn wrong(&self, wanted: impl Fn(usize) -> usize) -> Vec<(u64, usize)> {
        let all = self.0.iter().enumerate();
        all.map(|(place, deal)| (deal, wanted(place)))
            .filter(|(deal, wanted)| deal.index != i64::try_from(*wanted).ok())
            .map(|(deal, wanted)| (deal.id, wanted))
            .collect()
    }
}

impl Placing {
    /// Renumbers the others. The deal has its number by now, so a fault is a warning.
    pub(crate) fn make_room(self, call: &Call<'_>) -> Vec<String> {
        let mut warnings: Vec<String> = self.warning.into_iter().collect();
        warnings.extend(renumber(call, self.others));
        warnings
    }
}

/// Renumbers the stage that a deal left. Too many are left as they are: a gap does not change the
/// order.
pub(crate) fn close_up(call: &Call<'_>, stage: &str, left: u64) -> Vec<String> {
    match Column::read(call, stage, Some(left)) {
        Ok(column) => {
            let wrong = column.wrong(|place| place);
            if wrong.len() > MOST {
                return Vec::new();
            }
            renumber(call, wrong)
        }
        Err(failure) => vec![format!(
            "the places in the stage {stage} were not renumbered: {}",
            failure.message
        )],
    }
}

fn renumber(call: &Call<'_>, deals: Vec<(u64, usize)>) -> Vec<String> {
    let asks = deals
        .into_iter()
        .map(|(id, place)| {
            let mut body = Record::new();
            body.insert("index".to_owned(), json!(place));
            (
                format!("the place of deal {id}"),
                rest::change(call, "deals", id, &body),
            )
        })
        .collect();
    write::follow_up(call, asks)
}

fn place(row: &Record) -> Option<Place> {
    Some(Place {
        id: rest::id_of(row)?,
        index: row.get("index").and_then(Value::as_i64),
    })
}
