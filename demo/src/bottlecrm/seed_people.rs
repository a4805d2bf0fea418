//! Two organisations, their people, teams, tags and tokens. They are there in any CRM.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::lists::new_tag;
use super::session::object;
use super::store::{Making, Store};
use super::tokens::{
    ADMIN_JWT, ADMIN_TOKEN, EXPIRED_TOKEN, LEADS_READ_TOKEN, Means, ORG_API_KEY, ORG2_TOKEN,
    REVOKED_TOKEN, SALES_TOKEN, Token, USER_TOKEN, USER2_TOKEN,
};

/// One person: the profile that assignments name, and the user that makes records.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) profile: String,
    pub(crate) user: String,
}

/// One organisation with its people.
#[derive(Clone, Debug)]
pub(crate) struct Org {
    pub(crate) org: String,
    pub(crate) admin: Person,
    pub(crate) users: Vec<Person>,
    pub(crate) teams: Vec<String>,
    pub(crate) tags: Vec<String>,
}

/// Both organisations.
#[derive(Clone, Debug)]
pub(crate) struct People {
    pub(crate) first: Org,
    pub(crate) second: Org,
}

const TAGS: [(&str, &str); 10] = [
    ("Priority", "red"),
    ("Renewal", "green"),
    ("Trade fair", "blue"),
    ("Newsletter", "yellow"),
    ("Reference", "purple"),
    ("Export", "blue"),
    ("Wholesale", "green"),
    ("Beta", "gray"),
    ("Follow up", "orange"),
    ("Dormant", "gray"),
];

/// Plants both and gives the tokens that lead to them.
pub(crate) fn plant(store: &mut Store, now: Timestamp) -> (People, Vec<Token>) {
    let at = earlier(now, 60);
    let first = org(
        store,
        at,
        "Brightwater Trading",
        "brightwater",
        &["user", "user2"],
    );
    let second = org(store, at, "Larkspur Media", "larkspur", &["editor"]);
    let people = People { first, second };
    let tokens = tokens(store, &people, now);
    (people, tokens)
}

/// So many days before.
pub(crate) fn earlier(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(days * 24))
        .unwrap_or(now)
}

fn org(store: &mut Store, at: Timestamp, name: &str, domain: &str, users: &[&str]) -> Org {
    let org = store.new_id();
    let making = Making {
        org: &org,
        by: "",
        at,
    };
    // The organisation is a record of itself, so that its settings can be changed like any other.
    let data = json!({
        "name": name, "default_currency": "USD", "default_country": "US", "currency_symbol": "$", "timezone": "UTC",
    });
    store.found(&making, &org, object(data));
    let admin = person(store, &making, domain, "admin", "ADMIN");
    let users: Vec<Person> = users
        .iter()
        .map(|name| person(store, &making, domain, name, "USER"))
        .collect();
    let making = Making {
        org: &org,
        by: &admin.user,
        at,
    };
    let inside: Vec<&String> = users.iter().map(|one| &one.profile).collect();
    let teams = vec![
        store.make(
            &making,
            "teams",
            object(json!({"name": "Sales Team", "description": "Everybody who sells", "users": [admin.profile]})),
        ),
        store.make(
            &making,
            "teams",
            object(json!({"name": "Key Accounts", "description": "Large customers and their renewals", "users": inside})),
        ),
    ];
    let tags = TAGS
        .iter()
        .map(|(name, color)| store.make(&making, "tags", new_tag(name, color, "")))
        .collect();
    Org {
        org,
        admin,
        users,
        teams,
        tags,
    }
}

fn person(store: &mut Store, making: &Making<'_>, domain: &str, name: &str, role: &str) -> Person {
    let user = store.new_id();
    let data = json!({
        "email": format!("{name}@{domain}.example"), "name": name, "role": role, "user_id": user,
        "has_sales_access": true, "has_marketing_access": role == "ADMIN", "phone": "+1 202-555-0147",
        "date_of_joining": null, "is_active": true,
    });
    let profile = store.make(making, "profiles", object(data));
    Person { profile, user }
}

fn tokens(store: &mut Store, people: &People, now: Timestamp) -> Vec<Token> {
    let (first, second) = (&people.first, &people.second);
    let none: &[&str] = &[];
    let mut token = |secret: &str, org: &Org, of: &Person, means: Means, scopes: &[&str]| Token {
        id: store.new_id(),
        name: format!(
            "{} of the demo",
            secret
                .get(9..)
                .unwrap_or(secret)
                .split('-')
                .nth(1)
                .unwrap_or("key")
        ),
        secret: secret.to_owned(),
        org: org.org.clone(),
        profile: of.profile.clone(),
        means,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        expires: None,
        revoked: None,
        created: earlier(now, 50),
    };
    let personal = Means::PersonalToken;
    let sales = [
        "leads:read",
        "leads:write",
        "contacts:read",
        "contacts:write",
        "accounts:read",
        "accounts:write",
    ];
    let mut all = vec![
        token(ADMIN_TOKEN, first, &first.admin, personal, none),
        token(USER_TOKEN, first, &first.users[0], personal, none),
        token(USER2_TOKEN, first, &first.users[1], personal, none),
        token(ORG2_TOKEN, second, &second.admin, personal, none),
        token(
            LEADS_READ_TOKEN,
            first,
            &first.admin,
            personal,
            &["leads:read"],
        ),
        token(SALES_TOKEN, first, &first.admin, personal, &sales),
        token(ORG_API_KEY, first, &first.admin, Means::OrgKey, none),
        token(ADMIN_JWT, first, &first.admin, Means::Session, none),
    ];
    let mut expired = token(EXPIRED_TOKEN, first, &first.admin, personal, none);
    expired.expires = Some(earlier(now, 30));
    let mut revoked = token(REVOKED_TOKEN, first, &first.admin, personal, none);
    revoked.revoked = Some(earlier(now, 20));
    all.extend([expired, revoked]);
    all
}
