//! The module behind a link that does not name it.
//!
//! A relationship has two sides, each a link of its module under the same relationship. The names of
//! link and relationship suggest modules, and one that has a link of that relationship is the other
//! side. What is not found this way stays unknown.

use portcullis_sdk::{Call, Failure};

use crate::{
    metadata::{self, Link, Module},
    modules, names, related,
};

/// Modules whose links are read at most; each is a request, unless it is at hand.
const MOST_TRIED: usize = 4;

/// The module behind the link, if the CRM's metadata tells.
pub(crate) fn find(
    call: &Call<'_>,
    module: &Module,
    link: Link<'_>,
) -> Result<Option<Module>, Failure> {
    if let Some(name) = link.module() {
        return related::open_module(call, name).map(Some);
    }
    let modules = modules::list(call)?;
    let likely = likely(module, link, modules.names());
    for name in likely.into_iter().take(MOST_TRIED) {
        if names::check(call, name, "/link_field").is_err() {
            continue;
        }
        // A module that this user may not read says nothing, and is then not found.
        let Ok(other) = metadata::module(call, name) else {
            continue;
        };
        let same = |theirs: Link<'_>| theirs.relationship() == link.relationship();
        if other.links().any(same) {
            return related::open_module(call, name).map(Some);
        }
    }
    Ok(None)
}

/// Modules whose name is in that of the link or of the relationship, the longest first.
fn likely<'m>(module: &Module, link: Link<'_>, all: impl Iterator<Item = &'m str>) -> Vec<&'m str> {
    if link.relationship().is_empty() {
        return Vec::new();
    }
    let words = format!("_{}_{}_", link.name, link.relationship()).to_ascii_lowercase();
    let mut likely: Vec<&str> = all
        .filter(|name| *name != module.name)
        .filter(|name| {
            forms(name)
                .iter()
                .any(|form| words.contains(&format!("_{form}_")))
        })
        .collect();
    likely.sort_by_key(|name| std::cmp::Reverse(name.len()));
    likely
}

/// A module's name as relationships spell it: in lower case, of many or of one.
fn forms(name: &str) -> Vec<String> {
    let many = name.to_ascii_lowercase();
    let one = match many.strip_suffix("ies") {
        Some(stem) => Some(format!("{stem}y")),
        None => many.strip_suffix('s').map(str::to_owned),
    };
    std::iter::once(many).chain(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relationships_spell_modules_in_the_plural_and_the_singular() {
        assert_eq!(forms("Opportunities"), ["opportunities", "opportunity"]);
        assert_eq!(forms("AOS_Quotes"), ["aos_quotes", "aos_quote"]);
        assert_eq!(forms("Home"), ["home"]);
    }
}
