//! Judges the routes of a manifest before anything of it runs.
//!
//! Owns the rules by which a manifest is refused at load: a tool that says it reads has routes that
//! read, and every matcher can hold. It must not know what the operator allows.

mod matchers;

use std::fmt;

use portcullis_manifest::{Effect, Manifest, Method, Route, Tool};

use self::matchers::is_pointer;
use super::known;
use super::pattern::Pattern;
use super::route::{describe, sources};

/// One thing that is wrong with a manifest's routes, as a sentence that names tool and route.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Problem {
    place: String,
    what: String,
}

/// All that is wrong with a manifest's routes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<_> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("; "))
    }
}

/// A POST that a manifest declares harmless; shown to the operator who approves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HarmlessPost {
    /// Whose route it is, e.g. ``tool `get` `` or ``preview of `delete` ``.
    pub place: String,
    /// Method and pattern.
    pub route: String,
    /// The reason that the manifest gives, and the matchers that limit the route.
    pub why: String,
}

/// Judges every route of a manifest.
///
/// # Errors
/// Everything that is wrong, at once.
pub fn judge(manifest: &Manifest) -> Result<(), Problems> {
    let mut problems: Vec<_> = manifest.tools.iter().filter_map(no_preview).collect();
    problems.extend(manifest.tools.iter().flat_map(wrong_cases));
    for group in groups(manifest) {
        for (at, route) in group.routes.iter().enumerate() {
            let place = format!("{}, route {} (`{}`)", group.place, at + 1, describe(route));
            let faults = faults(route, &group, manifest);
            problems.extend(faults.into_iter().map(|what| Problem {
                place: place.clone(),
                what,
            }));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Problems(problems))
    }
}

/// The POST routes that a manifest offers as harmless: those of tools that read and of previews,
/// and those marked `safe`.
#[must_use]
pub fn harmless_posts(manifest: &Manifest) -> Vec<HarmlessPost> {
    let mut list = Vec::new();
    for group in groups(manifest) {
        for route in group.routes {
            if route.method == Method::Post && (group.only_reads || route.safe.is_some()) {
                list.push(HarmlessPost {
                    place: group.place.clone(),
                    route: describe(route),
                    why: why_harmless(route),
                });
            }
        }
    }
    list
}

/// Routes that are judged alike.
struct Group<'m> {
    place: String,
    routes: &'m [Route],
    only_reads: bool,
}

fn groups(manifest: &Manifest) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    for tool in &manifest.tools {
        groups.push(Group {
            place: format!("tool `{}`", tool.name),
            routes: &tool.routes,
            only_reads: tool.effect == Effect::Read,
        });
        groups.push(Group {
            place: format!("preview of `{}`", tool.name),
            routes: &tool.preview_routes,
            only_reads: true,
        });
        groups.extend(tool.cases.iter().enumerate().flat_map(|(at, case)| {
            let place = format!("case {} of tool `{}`", at + 1, tool.name);
            let preview = Group {
                place: format!("preview of {place}"),
                routes: &case.preview_routes,
                only_reads: true,
            };
            let own = Group {
                place,
                routes: &case.routes,
                only_reads: case.effect == Effect::Read,
            };
            [own, preview]
        }));
    }
    groups.extend(manifest.resources.iter().map(|resource| Group {
        place: format!("resource `{}`", resource.name),
        routes: &resource.routes,
        only_reads: true,
    }));
    groups.extend(manifest.prompts.iter().map(|prompt| Group {
        place: format!("prompt `{}`", prompt.name),
        routes: &prompt.routes,
        only_reads: true,
    }));
    groups.extend(completions(manifest));
    groups.extend(manifest.live_check.as_ref().map(|check| Group {
        place: "live_check".to_owned(),
        routes: &check.routes,
        only_reads: true,
    }));
    groups
}

fn completions(manifest: &Manifest) -> impl Iterator<Item = Group<'_>> {
    let resources = manifest.resources.iter();
    let resources = resources.map(|one| (format!("resource `{}`", one.name), &one.completes));
    let prompts = manifest.prompts.iter();
    let prompts = prompts.map(|one| (format!("prompt `{}`", one.name), &one.completes));
    let all = resources.chain(prompts);
    all.flat_map(|(of, completes)| {
        completes.iter().map(move |one| Group {
            place: format!("completion of `{}` of {of}", one.arguments.join("`, `")),
            routes: &one.routes,
            only_reads: true,
        })
    })
}

fn no_preview(tool: &Tool) -> Option<Problem> {
    let can_send = tool.cases.is_empty() || !tool.routes.is_empty();
    let lacks = can_send && tool.effect.needs_confirmation() && tool.preview_routes.is_empty();
    lacks.then(|| Problem {
        place: format!("tool `{}`", tool.name),
        what: format!(
            "a {} tool has to declare `preview_routes`, so that it can show what it would do",
            tool.effect.as_str()
        ),
    })
}

fn wrong_cases(tool: &Tool) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, case) in tool.cases.iter().enumerate() {
        let mut tell = |what: String| {
            let place = format!("case {} of tool `{}`", at + 1, tool.name);
            problems.push(Problem { place, what });
        };
        if case.effect.needs_confirmation() && case.preview_routes.is_empty() {
            tell(format!(
                "a case that is {} has to declare `preview_routes`, so that it can show what it would do",
                case.effect.as_str()
            ));
        }
        if severity(case.effect) > severity(tool.effect) {
            tell(format!(
                "its effect {} is worse than the tool's own, {}",
                case.effect.as_str(),
                tool.effect.as_str()
            ));
        }
        if case.when.is_empty() || case.when.values().any(Vec::is_empty) {
            tell("`when` has to name arguments and values".to_owned());
        }
        for pointer in case.when.keys().filter(|pointer| !is_pointer(pointer)) {
            tell(format!(
                "`when`: `{pointer}` is no JSON pointer; one begins with `/`"
            ));
        }
        if case
            .when
            .values()
            .flatten()
            .any(|value| value.is_array() || value.is_object())
        {
            tell("`when` compares texts, numbers, true, false and null alone".to_owned());
        }
    }
    problems
}

/// What annotations and old readers see of a tool is the worst that it can do.
const fn severity(effect: Effect) -> u8 {
    match effect {
        Effect::Read => 0,
        Effect::Write => 1,
        Effect::Destructive | Effect::Outward => 2,
    }
}

fn faults(route: &Route, group: &Group<'_>, manifest: &Manifest) -> Vec<String> {
    let mut faults = Vec::new();
    if group.only_reads {
        faults.extend(changes_something(route));
    }
    faults.extend(wrong_safe(route));
    faults.extend(wrong_body(route));
    faults.extend(unknown_slot(route, manifest));
    faults.extend(matchers::wrong_pointers(route));
    faults.extend(matchers::wrong_query(route));
    faults.extend(never_made(group, route));
    faults.extend(matchers::empty_lists(route));
    match Pattern::parse(&route.path) {
        Ok(pattern) => faults.extend(unknown_placeholders(route, &pattern)),
        Err(error) => faults.push(format!("the path is no pattern: {error}")),
    }
    faults
}

fn changes_something(route: &Route) -> Option<String> {
    match route.method {
        Method::Get | Method::Head => None,
        Method::Post if !route.form.is_empty() || !route.json.is_empty() || route.safe.is_some() => None,
        Method::Post => Some(
            "a POST of a tool, preview, resource or check that only reads needs a `form` or `json` matcher, or `safe` with a reason".to_owned(),
        ),
        Method::Put | Method::Patch | Method::Delete => Some(format!(
            "{} changes records, and a tool, preview, resource or check that only reads must not",
            route.method.as_str()
        )),
    }
}

fn wrong_safe(route: &Route) -> Option<String> {
    let reason = route.safe.as_ref()?;
    if route.method != Method::Post {
        return Some("`safe` is for POST alone".to_owned());
    }
    let empty = reason.trim().is_empty();
    empty.then(|| "`safe` has to give a reason".to_owned())
}

fn wrong_body(route: &Route) -> Option<String> {
    if route.looks_at_body() && matches!(route.method, Method::Get | Method::Head) {
        return Some(format!("a {} has no body to match", route.method.as_str()));
    }
    if route.looks_at_form() && route.query.is_some() {
        return Some("`query` has no place beside a form, which allows no query pair".to_owned());
    }
    let both = route.looks_at_form() && route.looks_at_json();
    both.then(|| "a body is a form or JSON, not both".to_owned())
}

fn unknown_slot(route: &Route, manifest: &Manifest) -> Option<String> {
    let slot = route.credential.as_ref()?;
    let known = manifest.credentials.contains_key(slot);
    (!known).then(|| {
        format!("`credential` names the slot `{slot}`, which the manifest does not declare")
    })
}

fn unknown_placeholders(route: &Route, pattern: &Pattern) -> Vec<String> {
    let same = route.same.keys().map(|name| ("same", name));
    let not = route.not.keys().map(|name| ("not", name));
    same.chain(not)
        .filter(|(_, name)| !pattern.placeholders().any(|p| p == name.as_str()))
        .map(|(matcher, name)| {
            format!("`{matcher}` names `{{{name}}}`, which the path does not hold")
        })
        .collect()
}

/// A request can only name what was made by a call that may send a POST that changes something.
fn never_made(group: &Group<'_>, route: &Route) -> Option<String> {
    let (matcher, source) = sources(route).find(|(_, source)| known::made(source).is_some())?;
    let is_making = |other: &Route| other.method == Method::Post && other.safe.is_none();
    let none = group.only_reads || !group.routes.iter().any(is_making);
    none.then(|| {
        format!(
            "`{matcher}`: `{source}` holds never, because no POST of this tool changes anything"
        )
    })
}

fn why_harmless(route: &Route) -> String {
    let form = route.form.iter();
    let form = form.map(|(field, values)| format!("{field} = {}", values.join(" or ")));
    let json = route.json.iter().map(|(pointer, values)| {
        let values: Vec<_> = values.iter().map(ToString::to_string).collect();
        format!("{pointer} = {}", values.join(" or "))
    });
    let reasons = route.safe.iter().cloned().chain(form).chain(json);
    reasons.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
