//! `set_relationship` and `set_relationships`: the counts are of calls, not of records, ids need
//! not exist, and nobody asks what the user's role allows.

use serde_json::{Value, json};

use super::arguments::{Arguments, text, texts};
use crate::suitecrm::work::Work;

/// Calls that linked, failed, unlinked.
#[derive(Default)]
struct Counts {
    created: u32,
    failed: u32,
    deleted: u32,
}

impl Counts {
    fn value(&self) -> Value {
        json!({"created": self.created, "failed": self.failed, "deleted": self.deleted})
    }
}

impl Work<'_> {
    pub(super) fn set_relationship(&mut self, arguments: &Arguments) -> Value {
        let mut counts = Counts::default();
        self.relate_one(
            &arguments.text("module_name"),
            &arguments.text("module_id"),
            &arguments.text("link_field_name"),
            &arguments.texts("related_ids"),
            !arguments.is_on("delete"),
            &mut counts,
        );
        counts.value()
    }

    pub(super) fn set_relationships(&mut self, arguments: &Arguments) -> Value {
        let mut counts = Counts::default();
        let ids = arguments.texts("module_ids");
        let links = arguments.texts("link_field_names");
        let related = arguments.get("related_ids");
        let deletes = arguments.get("delete_array");
        for (n, module) in arguments.texts("module_names").iter().enumerate() {
            let (Some(id), Some(link)) = (ids.get(n), links.get(n)) else {
                counts.failed += 1;
                continue;
            };
            let on = matches!(text(&deletes[n]).as_str(), "" | "0");
            self.relate_one(module, id, link, &texts(&related[n]), on, &mut counts);
        }
        counts.value()
    }

    fn relate_one(
        &mut self,
        module: &str,
        id: &str,
        link: &str,
        related: &[String],
        on: bool,
        counts: &mut Counts,
    ) {
        let found = self
            .schema
            .module(module)
            .and_then(|module| Some((module, module.link(link)?)));
        let Some((module, link)) = found else {
            counts.failed += 1;
            return;
        };
        for other in related {
            self.store.relate(module, id, link, other, on);
        }
        if on {
            counts.created += 1;
        } else {
            counts.deleted += 1;
        }
    }
}
