//! Is what a plugin asks for now more than what was approved?
//!
//! Owns the comparison of two [`Asks`], and its words for a person who knows CRMs and not this program.
//! Pure, and cautious: what is not plainly the same or less counts as more. That a tool's effect is
//! another counts as more in both directions, since a milder one is allowed where the old one was not
//! and asks for no confirmation. It must not know files, digests, or who approved what.

mod routes;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::asks::{
    Asks, CaseAsks, HeaderAsks, PromptAsks, ResourceAsks, RouteLine, ToolAsks, arguments_differ,
};

/// One thing in which two asks differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Whether it is more than was approved.
    pub widens: bool,
    /// What it is, as a phrase for a person.
    pub text: String,
}

/// Everything in which `asked` differs from what was approved: first what is more, then what is less.
#[must_use]
pub fn differences(approved: &Asks, asked: &Asks) -> Vec<Difference> {
    let mut found = Found::default();
    compare(approved, asked, &mut found);
    found.0.sort_by_key(|difference| !difference.widens);
    found.0
}

/// Whether `asked` is more than was approved in anything.
#[must_use]
pub fn is_wider(approved: &Asks, asked: &Asks) -> bool {
    approved != asked && differences(approved, asked).iter().any(|d| d.widens)
}

/// What was found so far.
#[derive(Default)]
struct Found(Vec<Difference>);

impl Found {
    fn more(&mut self, text: String) {
        self.0.push(Difference { widens: true, text });
    }

    fn less(&mut self, text: String) {
        self.0.push(Difference {
            widens: false,
            text,
        });
    }

    /// Names of which each is an ask of its own.
    fn names(
        &mut self,
        approved: &BTreeSet<String>,
        asked: &BTreeSet<String>,
        say: impl Fn(&str) -> String,
    ) {
        for name in asked.difference(approved) {
            self.more(say(name));
        }
        for name in approved.difference(asked) {
            self.less(say(name));
        }
    }

    /// A value that is neither more nor less than another one.
    fn value<T: PartialEq>(&mut self, approved: &T, asked: &T, say: impl FnOnce() -> String) {
        if approved != asked {
            self.more(say());
        }
    }

    /// Entries by name: new ones are more, old ones less, and those of both are compared.
    fn entries<T>(
        &mut self,
        approved: &BTreeMap<String, T>,
        asked: &BTreeMap<String, T>,
        say: impl Fn(&str, &T) -> String,
        compare: impl Fn(&str, &T, &T, &mut Self),
    ) {
        for (name, entry) in asked {
            match approved.get(name) {
                None => self.more(say(name, entry)),
                Some(before) => compare(name, before, entry, self),
            }
        }
        for (name, entry) in approved {
            if !asked.contains_key(name) {
                self.less(say(name, entry));
            }
        }
    }
}

fn compare(approved: &Asks, asked: &Asks, found: &mut Found) {
    let Asks {
        world,
        imports,
        exports,
        secrets,
        shown_secrets,
        live_check,
        explained,
        headers,
        base,
        settings,
        credentials,
        tools,
        resources,
        prompts,
    } = approved;
    found.value(world, &asked.world, || words::world(world, &asked.world));
    found.names(imports, &asked.imports, words::import);
    found.names(exports, &asked.exports, words::export);
    found.names(secrets, &asked.secrets, words::secret);
    found.names(shown_secrets, &asked.shown_secrets, words::shown_secret);
    found.names(explained, &asked.explained, words::explained);
    found.entries(
        settings,
        &asked.settings,
        words::setting,
        |name, before, now, found| {
            found.value(before, now, || words::changed_setting(name, before, now));
        },
    );
    compare_headers(headers, &asked.headers, found);
    found.value(base, &asked.base, || words::base(base, &asked.base));
    compare_credentials(credentials, &asked.credentials, found);
    found.entries(tools, &asked.tools, words::tool, compare_tools);
    found.entries(
        resources,
        &asked.resources,
        words::resource,
        compare_resources,
    );
    found.entries(prompts, &asked.prompts, words::prompt, compare_prompts);
    match (live_check, &asked.live_check) {
        (None, Some(routes)) => found.more(words::live_check(routes)),
        (Some(routes), None) => found.less(words::live_check(routes)),
        (before, now) => {
            let none = BTreeSet::new();
            let of = |routes| Option::unwrap_or(routes, &none);
            routes::compare(
                "the self-test",
                of(before.as_ref()),
                of(now.as_ref()),
                found,
            );
        }
    }
}

fn compare_headers(approved: &HeaderAsks, asked: &HeaderAsks, found: &mut Found) {
    let HeaderAsks {
        send,
        receive,
        constant,
    } = approved;
    found.names(send, &asked.send, words::sent_header);
    found.names(receive, &asked.receive, words::seen_header);
    // One that goes is more as well: it can have limited what the CRM does.
    let names: BTreeSet<&String> = constant.keys().chain(asked.constant.keys()).collect();
    for name in names {
        let (before, now) = (constant.get(name), asked.constant.get(name));
        found.value(&before, &now, || words::fixed_header(name, before, now));
    }
}

fn compare_credentials(
    approved: &BTreeMap<String, BTreeSet<String>>,
    asked: &BTreeMap<String, BTreeSet<String>>,
    found: &mut Found,
) {
    let (none, slots) = (BTreeSet::new(), approved.keys().chain(asked.keys()));
    for slot in slots.collect::<BTreeSet<_>>() {
        let (before, now) = (
            approved.get(slot).unwrap_or(&none),
            asked.get(slot).unwrap_or(&none),
        );
        let mut gone: BTreeSet<&String> = before.difference(now).collect();
        for recipe in now.difference(before) {
            let namesake = gone.iter().find(|old| words::is_namesake(old, recipe));
            match namesake.copied() {
                Some(old) => {
                    gone.remove(old);
                    found.more(words::changed_recipe(slot, old, recipe));
                }
                None => found.more(words::recipe(slot, recipe)),
            }
        }
        for recipe in gone {
            found.less(words::recipe(slot, recipe));
        }
    }
}

fn compare_tools(name: &str, approved: &ToolAsks, asked: &ToolAsks, found: &mut Found) {
    let ToolAsks {
        effect,
        aliases,
        arguments,
        asks,
        meta,
        routes,
        preview_routes,
        cases,
    } = approved;
    let who = format!("the tool `{name}`");
    found.value(effect, &asked.effect, || {
        words::effect(&who, *effect, asked.effect)
    });
    found.names(aliases, &asked.aliases, |alias| words::alias(&who, alias));
    compare_arguments(&who, arguments, &asked.arguments, found);
    found.value(asks, &asked.asks, || words::asking(&who, asked.asks));
    compare_meta(&who, meta, &asked.meta, found);
    routes::compare(&who, routes, &asked.routes, found);
    let preview = format!("the preview of {who}");
    routes::compare(&preview, preview_routes, &asked.preview_routes, found);
    compare_cases(&who, cases, &asked.cases, found);
}

/// The first case that holds decides, so that cases are the same one by one or not at all.
fn compare_cases(who: &str, approved: &[CaseAsks], asked: &[CaseAsks], found: &mut Found) {
    let head = |case: &CaseAsks| (case.when.clone(), case.effect);
    let (before, now): (Vec<_>, Vec<_>) = (
        approved.iter().map(head).collect(),
        asked.iter().map(head).collect(),
    );
    if before != now {
        found.more(words::cases(who, approved, asked));
        return;
    }
    for (before, now) in approved.iter().zip(asked) {
        let CaseAsks {
            when,
            effect: _,
            routes,
            preview_routes,
        } = before;
        let who = format!("{who} with {when}");
        routes::compare(&who, routes, &now.routes, found);
        let preview = format!("the preview of {who}");
        routes::compare(&preview, preview_routes, &now.preview_routes, found);
    }
}

fn compare_resources(name: &str, approved: &ResourceAsks, asked: &ResourceAsks, found: &mut Found) {
    let ResourceAsks {
        uri,
        mime_type,
        arguments,
        meta,
        routes,
        completes,
    } = approved;
    let who = format!("the resource `{name}`");
    found.value(uri, &asked.uri, || {
        format!("{who} is read at {}, before at {uri}", asked.uri)
    });
    found.value(mime_type, &asked.mime_type, || {
        format!("{who} holds {}, before {mime_type}", asked.mime_type)
    });
    compare_arguments(&who, arguments, &asked.arguments, found);
    compare_meta(&who, meta, &asked.meta, found);
    routes::compare(&who, routes, &asked.routes, found);
    compare_completions(&who, completes, &asked.completes, found);
}

fn compare_prompts(name: &str, approved: &PromptAsks, asked: &PromptAsks, found: &mut Found) {
    let PromptAsks { routes, completes } = approved;
    let who = format!("the prompt `{name}`");
    routes::compare(&who, routes, &asked.routes, found);
    compare_completions(&who, completes, &asked.completes, found);
}

fn compare_completions(
    who: &str,
    approved: &BTreeMap<String, BTreeSet<RouteLine>>,
    asked: &BTreeMap<String, BTreeSet<RouteLine>>,
    found: &mut Found,
) {
    found.entries(
        approved,
        asked,
        |argument, routes| words::completion(who, argument, routes),
        |argument, before, now, found| {
            let who = format!("offering values for `{argument}` of {who}");
            routes::compare(&who, before, now, found);
        },
    );
}

/// What the arguments that routes look at may be. One that none looked at before limits more, not less.
fn compare_arguments(
    who: &str,
    approved: &BTreeMap<String, String>,
    asked: &BTreeMap<String, String>,
    found: &mut Found,
) {
    if let Some(name) = arguments_differ(approved, asked) {
        let (before, now) = (approved.get(&name), asked.get(&name));
        found.more(words::argument(who, &name, before, now));
    }
}

/// What clients are told beside a tool or a page, e.g. what the page may connect to.
fn compare_meta(who: &str, approved: &Option<String>, asked: &Option<String>, found: &mut Found) {
    match (approved, asked) {
        (Some(_), None) => found.less(format!("{who} tells clients nothing more of itself")),
        (before, now) => found.value(before, now, || words::meta(who, before, now)),
    }
}

#[cfg(test)]
mod tests;
