//! Who exists in the demo CRM and what each may do.
//!
//! Keys and passwords are constants: they open a CRM of invented data in memory and nothing else.

use std::collections::HashMap;

/// API user `agent`: every right on every entity, and an address to write from.
pub const FULL_KEY: &str = "demo-espocrm-full-access-key";
/// API user `agent_no_address`: the same rights, no e-mail address, so no drafts.
pub const NO_ADDRESS_KEY: &str = "demo-espocrm-no-address-key";
/// API user `reader`: reads Account, Contact and Lead, without two fields of Account; no Opportunity.
pub const READ_ONLY_KEY: &str = "demo-espocrm-read-only-key";
/// API user `own_only`: only its own accounts, contacts and tasks, deletes nothing, assigns nobody.
pub const OWN_KEY: &str = "demo-espocrm-own-records-key";
/// API user `signer`: rights of `agent`, signs its requests; the key.
pub const HMAC_KEY: &str = "demo-espocrm-hmac-key";
/// API user `signer`: the secret it signs with.
pub const HMAC_SECRET: &str = "demo-espocrm-hmac-secret";
/// The administrator's user name, for Basic authentication.
pub const ADMIN_USER: &str = "admin";
/// The administrator's password.
pub const ADMIN_PASSWORD: &str = "demo-espocrm-admin-password";
/// A human's user name, for Basic authentication.
pub const HUMAN_USER: &str = "nora.lindqvist";
/// The human's password.
pub const HUMAN_PASSWORD: &str = "demo-espocrm-human-password";
/// The address `agent` writes from.
pub const AGENT_ADDRESS: &str = "agent@crm.example";

/// How far a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    No,
    Own,
    All,
}

impl Level {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Own => "own",
            Self::All => "all",
        }
    }
}

/// Rights on one entity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Grant {
    pub(crate) create: bool,
    pub(crate) read: Level,
    pub(crate) edit: Level,
    pub(crate) delete: Level,
    pub(crate) stream: Level,
}

impl Grant {
    pub(crate) const FULL: Self = Self {
        create: true,
        read: Level::All,
        edit: Level::All,
        delete: Level::All,
        stream: Level::All,
    };
    pub(crate) const NONE: Self = Self {
        create: false,
        read: Level::No,
        edit: Level::No,
        delete: Level::No,
        stream: Level::No,
    };
    const READ: Self = Self {
        read: Level::All,
        ..Self::NONE
    };
    const FOLLOW: Self = Self {
        stream: Level::All,
        ..Self::READ
    };
    const OWN: Self = Self {
        create: true,
        read: Level::Own,
        edit: Level::Own,
        delete: Level::No,
        stream: Level::Own,
    };
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) admin: bool,
    pub(crate) grants: HashMap<&'static str, Grant>,
    /// Fields that do not exist for this role.
    pub(crate) hidden: HashMap<&'static str, &'static [&'static str]>,
    pub(crate) may_assign: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Credential {
    Key(&'static str),
    Signature {
        key: &'static str,
        secret: &'static str,
    },
    Password(&'static str),
    None,
}

/// One account of the demo CRM.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) user_name: &'static str,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) email: Option<&'static str>,
    pub(crate) credential: Credential,
    pub(crate) role: Role,
}

impl User {
    pub(crate) fn grant(&self, entity: &str) -> Grant {
        if self.role.admin {
            return Grant::FULL;
        }
        self.role.grants.get(entity).copied().unwrap_or(Grant::NONE)
    }

    pub(crate) fn hides(&self, entity: &str, field: &str) -> bool {
        self.role
            .hidden
            .get(entity)
            .is_some_and(|list| list.iter().any(|name| covers(name, field)))
    }
}

/// A hidden address hides its parts.
fn covers(hidden: &str, field: &str) -> bool {
    let parts = ["Street", "City", "State", "Country", "PostalCode"];
    hidden == field
        || parts
            .iter()
            .any(|part| field.strip_suffix(part) == Some(hidden))
}

const FULL_ENTITIES: [&str; 14] = [
    "Account",
    "Contact",
    "Lead",
    "Opportunity",
    "Task",
    "Meeting",
    "Call",
    "Case",
    "Document",
    "Campaign",
    "TargetList",
    "CProject",
    "Email",
    "EmailTemplate",
];

fn role(entities: &[&'static str], grant: Grant, people: Grant, may_assign: bool) -> Role {
    let mut grants: HashMap<&'static str, Grant> =
        entities.iter().map(|name| (*name, grant)).collect();
    grants.extend([("User", people), ("Team", people)]);
    Role {
        admin: false,
        grants,
        hidden: HashMap::new(),
        may_assign,
    }
}

fn full() -> Role {
    role(&FULL_ENTITIES, Grant::FULL, Grant::READ, true)
}

fn admin() -> Role {
    Role {
        admin: true,
        ..full()
    }
}

fn read_only() -> Role {
    let people = Grant {
        read: Level::Own,
        ..Grant::NONE
    };
    let mut role = role(
        &["Account", "Contact", "Lead"],
        Grant::FOLLOW,
        people,
        false,
    );
    role.hidden
        .insert("Account", &["industry", "billingAddress"]);
    role
}

fn own() -> Role {
    let people = Grant {
        read: Level::Own,
        ..Grant::NONE
    };
    role(&["Account", "Contact", "Task"], Grant::OWN, people, false)
}

/// Everybody, the administrator first; ids are given in this order.
pub(crate) fn everybody(mut id: impl FnMut() -> String) -> Vec<User> {
    let mut user = |user_name, (first, last), kind, email, credential, role| User {
        id: id(),
        user_name,
        first,
        last,
        kind,
        email,
        credential,
        role,
    };
    let signature = Credential::Signature {
        key: HMAC_KEY,
        secret: HMAC_SECRET,
    };
    vec![
        user(
            ADMIN_USER,
            ("", "Admin"),
            "admin",
            None,
            Credential::Password(ADMIN_PASSWORD),
            admin(),
        ),
        user(
            HUMAN_USER,
            ("Nora", "Lindqvist"),
            "regular",
            Some("nora@crm.example"),
            Credential::Password(HUMAN_PASSWORD),
            full(),
        ),
        user(
            "tomas.reed",
            ("Tomas", "Reed"),
            "regular",
            Some("tomas@crm.example"),
            Credential::None,
            full(),
        ),
        user(
            "amina.okafor",
            ("Amina", "Okafor"),
            "regular",
            Some("amina@crm.example"),
            Credential::None,
            full(),
        ),
        user(
            "agent",
            ("", "agent"),
            "api",
            Some(AGENT_ADDRESS),
            Credential::Key(FULL_KEY),
            full(),
        ),
        user(
            "agent_no_address",
            ("", "agent_no_address"),
            "api",
            None,
            Credential::Key(NO_ADDRESS_KEY),
            full(),
        ),
        user(
            "reader",
            ("", "reader"),
            "api",
            None,
            Credential::Key(READ_ONLY_KEY),
            read_only(),
        ),
        user(
            "own_only",
            ("", "own_only"),
            "api",
            None,
            Credential::Key(OWN_KEY),
            own(),
        ),
        user("signer", ("", "signer"), "api", None, signature, full()),
    ]
}
