//! The part of the self-test that judges the role: what it allows, and which of the listed tools can
//! never work with it.

use portcullis_sdk::{Call, add_finding as add};
use serde_json::Value;

use crate::{identity::Identity, live_check::Findings, metadata};

/// Entity types whose rights are summed up.
const MAIN: &[&str] = &[
    "Account",
    "Contact",
    "Lead",
    "Opportunity",
    "Task",
    "Meeting",
    "Call",
    "Case",
    "Email",
    "EmailTemplate",
];

pub(crate) fn role(user: &Identity, findings: &mut Findings) {
    let line = |name: &&str| {
        let actions = ["create", "read", "edit", "delete", "stream"];
        let allowed: Vec<_> = actions
            .into_iter()
            .filter(|action| may(user, name, action))
            .collect();
        match allowed.len() {
            0 => format!("{name}: none"),
            all if all == actions.len() => format!("{name}: all"),
            _ => format!("{name}: {}", allowed.join(" ")),
        }
    };
    let summary = MAIN.iter().map(line).collect::<Vec<_>>().join("; ");
    if MAIN.iter().any(|name| may(user, name, "read")) {
        add(findings, "ok", "role", summary, None);
    } else {
        add(
            findings,
            "error",
            "role",
            format!("the role allows nothing useful ({summary})"),
            Some("give the API user a role with read access in the CRM's administration"),
        );
    }
}

fn may(user: &Identity, entity: &str, action: &str) -> bool {
    match user.rights.get(entity) {
        Some(Value::Object(rights)) => rights
            .get(action)
            .and_then(Value::as_str)
            .is_some_and(|level| level != "no"),
        Some(Value::Bool(all)) => *all,
        _ => false,
    }
}

/// A right without which tools fail whatever record they are called for.
struct Needed {
    action: &'static str,
    tools: &'static [&'static str],
    /// Whether an entity type can be what the tools work on.
    on: fn(&str) -> bool,
}

const NEEDED: &[Needed] = &[
    Needed {
        action: "create",
        tools: &["create"],
        on: |entity| entity != "Email",
    },
    Needed {
        action: "edit",
        tools: &["update", "link", "unlink", "update_kanban"],
        on: |_| true,
    },
    Needed {
        action: "delete",
        tools: &["delete"],
        on: |_| true,
    },
    Needed {
        action: "stream",
        tools: &["add_note"],
        on: |_| true,
    },
    Needed {
        action: "create",
        tools: &["draft_email"],
        on: |entity| entity == "Email",
    },
];

/// Tools that the connection lists and for which the role has no right on any entity type.
pub(crate) fn of_tools(call: &Call<'_>, user: &Identity, findings: &mut Findings) {
    let scopes = metadata::scopes(call).unwrap_or_default();
    let custom = scopes.iter().filter(|(_, scope)| scope.custom);
    let entities: Vec<&str> = MAIN
        .iter()
        .copied()
        .chain(custom.map(|(name, _)| name))
        .collect();
    for needed in NEEDED {
        let listed = needed.tools.iter().filter(|tool| call.lists(tool));
        let listed: Vec<_> = listed.map(|tool| format!("`{tool}`")).collect();
        let mut within = entities.iter().filter(|entity| (needed.on)(entity));
        if listed.is_empty() || within.any(|entity| may(user, entity, needed.action)) {
            continue;
        }
        let on = if (needed.on)("Account") {
            "any entity type"
        } else {
            "Email"
        };
        add(
            findings,
            "error",
            "rights",
            format!(
                "the role does not allow {} on {on}, so {} will fail",
                needed.action,
                listed.join(", ")
            ),
            Some(
                "give the API user's role that right, or leave the tools out with the connection's `allow` or `tools` (PORTCULLIS_ALLOW without a file)",
            ),
        );
    }
}
