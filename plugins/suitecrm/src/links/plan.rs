//! Both ends of links, looked at: the record, the module behind the link, which ids are linked.
//!
//! Changes nothing.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code};

use super::LinkArgs;
use crate::{
    columns,
    fetch::{self, Linked},
    metadata::{self, Module},
    modules, names, other_side, rows, rpc,
};

/// Rows of one page when the linked ids are read.
const PAGE: u32 = 500;
/// Pages after which reading them is given up.
const MOST_PAGES: u32 = 20;

/// Links that are asked for, and what is there.
pub(super) struct Plan<'a> {
    pub(super) args: &'a LinkArgs,
    pub(super) module: Module,
    /// The module behind the link, where it could be learnt.
    pub(super) other: Option<Module>,
    /// The ids, each once.
    pub(super) ids: Vec<String>,
    /// Which of the ids are linked now.
    before: Vec<String>,
}

impl<'a> Plan<'a> {
    /// Checks the names and the record.
    pub(super) fn new(call: &Call<'_>, args: &'a LinkArgs) -> Result<Self, Failure> {
        names::check_writable(call, &args.module)?;
        names::check_id(&args.id, "/id")?;
        let ids = args.related_ids.distinct();
        for id in &ids {
            names::check_id(id, "/related_ids")?;
        }
        let module = metadata::module(call, &args.module)?;
        modules::list(call)?.require_edit(&args.module, "/module")?;
        let link = module.require_link(&args.link_field)?;
        let other = other_side::find(call, &module, link)?;
        fetch::one(call, &module, &args.id, &["id".to_owned()])
            .map_err(|failure| failure.at("/id"))?;
        Ok(Self {
            args,
            module,
            other,
            ids,
            before: Vec::new(),
        })
    }

    /// Reads which of the ids are linked before anything is changed.
    pub(super) fn look(&mut self, call: &Call<'_>) -> Result<(), Failure> {
        self.before = self.linked_now(call)?;
        Ok(())
    }

    /// Ids that are linked, and those that are not.
    pub(super) fn split(&self) -> (Vec<String>, Vec<String>) {
        self.ids
            .iter()
            .cloned()
            .partition(|id| self.before.contains(id))
    }

    /// Which of the ids are behind the link.
    pub(super) fn linked_now(&self, call: &Call<'_>) -> Result<Vec<String>, Failure> {
        let mut found: Vec<String> = Vec::new();
        for page in 0..MOST_PAGES {
            let rows = self.page(call, page * PAGE)?;
            let is_last = rows.len() < PAGE as usize;
            let wanted = rows.into_iter().filter(|id| self.ids.contains(id));
            for id in wanted {
                if !found.contains(&id) {
                    found.push(id);
                }
            }
            if is_last || found.len() == self.ids.len() {
                return Ok(found);
            }
        }
        Err(self.too_many())
    }

    fn page(&self, call: &Call<'_>, offset: u32) -> Result<Vec<String>, Failure> {
        let linked = Linked {
            id: &self.args.id,
            link: &self.args.link_field,
            clause: self.clause(),
            fields: vec!["id".to_owned()],
            offset,
            limit: PAGE,
        };
        let module = &self.module.name;
        let arguments = fetch::linked_args(module, &linked);
        let answer = rpc::read(call, "get_relationships", module, arguments)?;
        let rows = fetch::linked_rows(&answer, None)?;
        let ids = rows.iter().map(|(record, _)| rows::text(record, "id"));
        Ok(ids.map(str::to_owned).collect())
    }

    /// Asks for the ids alone; without the module's table, for all that is linked.
    fn clause(&self) -> String {
        let Some(other) = &self.other else {
            return String::new();
        };
        let ids: Vec<_> = self.ids.iter().map(|id| columns::literal(id)).collect();
        format!("({}.id IN ({}))", other.table, ids.join(","))
    }

    fn too_many(&self) -> Failure {
        Failure::new(
            Kind::Unsupported,
            code::TOO_LARGE,
            format!(
                "more than {} records are behind `{}`, and the CRM does not say of which module they are, so single ones cannot be looked for",
                MOST_PAGES * PAGE,
                self.args.link_field
            ),
        )
        .at("/link_field")
        .suggest("link from the other side: the record there, its link to this module")
        .outcome(Outcome::NotDone)
    }

    /// What to know about ids that were not linked although nobody could look for them before.
    pub(super) fn unchecked(&self, failed: &[String]) -> Option<String> {
        (self.other.is_none() && !failed.is_empty()).then(|| {
            "the CRM does not say which module is behind this link, so the ids could not be looked for before; those under `failed` may not exist".to_owned()
        })
    }
}
