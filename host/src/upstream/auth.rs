//! The operator's `auth` met with the credential slots of the manifest.
//!
//! Owns what can be wrong with it. It must not know what an alternative does, nor whether its secrets
//! are set.

use std::collections::BTreeSet;

use portcullis_manifest::Credential as Declared;

use super::credential::fits;
use super::spec::{Spec, SpecError};

/// What is wrong with the operator's choice.
pub(super) fn flaws(spec: &Spec) -> impl Iterator<Item = SpecError> {
    let each = spec.auth_of.iter();
    of_all(spec)
        .into_iter()
        .chain(each.filter_map(|(slot, auth)| of_slot(spec, slot, auth)))
}

/// The alternative that the operator wants for a slot, as far as the slot has it.
pub(super) fn wanted<'s>(spec: &'s Spec, slot: &str) -> Option<&'s str> {
    let own = spec.auth_of.get(slot).or(spec.auth.as_ref());
    own.map(String::as_str)
}

fn of_all(spec: &Spec) -> Option<SpecError> {
    let auth = spec.auth.as_ref()?;
    let alternatives = || spec.credentials.values().flatten();
    let named: Vec<_> = alternatives().filter(|a| a.name == *auth).collect();
    if named.is_empty() {
        return Some(SpecError::Auth {
            auth: auth.clone(),
            known: names(alternatives()),
        });
    }
    of_other_identity(spec, &named, None, auth)
}

fn of_slot(spec: &Spec, slot: &str, auth: &str) -> Option<SpecError> {
    let Some(alternatives) = spec.credentials.get(slot) else {
        return Some(SpecError::AuthSlot {
            slot: slot.to_owned(),
            known: spec.credentials.keys().cloned().collect(),
        });
    };
    let named: Vec<_> = alternatives.iter().filter(|a| a.name == auth).collect();
    if named.is_empty() {
        return Some(SpecError::AuthOfSlot {
            slot: slot.to_owned(),
            auth: auth.to_owned(),
            known: names(alternatives.iter()),
        });
    }
    of_other_identity(spec, &named, Some(slot), auth)
}

fn of_other_identity(
    spec: &Spec,
    named: &[&Declared],
    slot: Option<&str>,
    auth: &str,
) -> Option<SpecError> {
    let usable = named.iter().any(|a| fits(&a.recipe, spec.forward));
    (!usable).then(|| SpecError::AuthOfOtherIdentity {
        slot: slot.map(str::to_owned),
        auth: auth.to_owned(),
        wants: if spec.forward { "service" } else { "forward" },
    })
}

/// Each name once, in order.
fn names<'d>(alternatives: impl Iterator<Item = &'d Declared>) -> Vec<String> {
    let names: BTreeSet<_> = alternatives.map(|a| a.name.clone()).collect();
    names.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(choose: impl FnOnce(&mut Spec)) -> Vec<String> {
        let mut spec = crate::upstream::tests::spec(1);
        spec.credentials = serde_json::from_value(json!({
            "v4": [
                { "name": "session", "needs": ["key"], "recipe": "bearer", "value": "{key}" },
                { "name": "plain", "needs": ["key"], "recipe": "bearer", "value": "{key}" }
            ],
            "v8": [
                { "name": "password", "needs": ["key"], "recipe": "bearer", "value": "{key}" },
                { "name": "token", "recipe": "forward" }
            ]
        }))
        .unwrap();
        choose(&mut spec);
        flaws(&spec).map(|flaw| flaw.to_string()).collect()
    }

    fn each(slots: &[(&str, &str)]) -> Vec<String> {
        let slots = slots.iter().map(|&(slot, auth)| (slot.into(), auth.into()));
        said(|spec| spec.auth_of = slots.collect())
    }

    #[test]
    fn what_a_slot_does_not_have_is_said_with_what_there_is() {
        assert_eq!(each(&[]), [""; 0]);
        assert_eq!(each(&[("v4", "plain"), ("v8", "password")]), [""; 0]);
        assert_eq!(
            each(&[("v4", "password"), ("v8", "token"), ("v9", "plain")]),
            [
                "`auth` is `password` for the credential `v4`, which has no such alternative; there are plain, session",
                "`auth` chooses `token`, which needs `identity = \"forward\"`; take `auth` out or change `identity`",
                "`auth` names the credential `v9`, which the plugin does not have; there are v4, v8",
            ]
        );
        let none = said(|spec| {
            spec.credentials.clear();
            spec.auth_of = [("v4".to_owned(), "plain".to_owned())].into();
        });
        assert_eq!(
            none,
            ["`auth` names the credential `v4`, which the plugin does not have; it has none"]
        );
    }

    #[test]
    fn one_name_has_to_be_somewhere() {
        let one = |name: &str| said(|spec| spec.auth = Some(name.to_owned()));
        assert_eq!(one("plain"), [""; 0]);
        assert_eq!(
            one("hmac"),
            [
                "`auth` is `hmac`, which no credential of the plugin has as an alternative; there are password, plain, session, token"
            ]
        );
    }
}
