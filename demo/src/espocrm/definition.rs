//! Reading the table of entities: what each row means, and the fields and links every entity has.

use serde_json::{Map, Value, json};

use super::Version;
use super::attribute::attributes_of;
use super::schema::{Entity, Field, Link, LinkKind};

impl Entity {
    pub(crate) fn read(name: String, raw: &Value, version: Version) -> Self {
        let mut scope = object(&raw["scope"]);
        adapt_scope(&name, &mut scope, version);
        let flags = Flags::read(raw, &scope);
        let fields = read_fields(raw, &flags, version);
        let links = read_links(raw, &flags, version);
        let attributes = attributes_of(&fields, &links, &flags);
        let by_attribute = attributes
            .iter()
            .enumerate()
            .map(|(at, a)| (a.name.clone(), at))
            .collect();
        Self {
            label: text(raw, "label").unwrap_or_else(|| name.clone()),
            plural: text(raw, "plural").unwrap_or_else(|| name.clone()),
            client: object(&raw["client"]),
            collection: object(&raw["collection"]),
            primary_filters: object(&raw["primaryFilters"]),
            list_always: always(raw, "listAlways", &flags),
            board_always: always(raw, "boardAlways", &flags),
            also_select: object(&raw["alsoSelect"]),
            versioned: flags.versioned,
            name,
            scope,
            fields,
            links,
            attributes,
            by_attribute,
        }
    }
}

/// What an entity has beside its own fields.
#[derive(Debug)]
pub(crate) struct Flags {
    pub(crate) stamped: bool,
    pub(crate) owned: bool,
    pub(crate) owner_required: bool,
    pub(crate) stream: bool,
    pub(crate) stars: bool,
    pub(crate) versioned: bool,
}

impl Flags {
    fn read(raw: &Value, scope: &Map<String, Value>) -> Self {
        let own =
            |key: &str, default: bool| raw.get(key).and_then(Value::as_bool).unwrap_or(default);
        let of_scope = |key: &str| scope.get(key).and_then(Value::as_bool).unwrap_or(false);
        Self {
            stamped: own("stamped", true),
            owned: own("owned", true),
            owner_required: own("ownerRequired", false),
            stream: of_scope("stream"),
            stars: of_scope("stars"),
            versioned: own("versioned", false),
        }
    }
}

/// Differences between the versions that are flags of the scope.
fn adapt_scope(name: &str, scope: &mut Map<String, Value>, version: Version) {
    if name != "Opportunity" || !version.is_10() {
        return;
    }
    scope.insert("statusFieldLocked".into(), json!(true));
    if version.has_pipelines() {
        scope.insert("pipelines".into(), json!(true));
    }
}

fn read_fields(raw: &Value, flags: &Flags, version: Version) -> Vec<Field> {
    let own = raw["fields"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, def)| present(def, version));
    let mut fields: Vec<Field> = Vec::new();
    for (name, def) in own {
        fields.push(Field::read(name, def));
        fields.extend(companions(name, def));
    }
    fields.extend(common_fields(flags));
    fields
}

impl Field {
    fn read(name: &str, def: &Value) -> Self {
        let kind = def["type"].as_str().unwrap_or("varchar").to_owned();
        let label = def["label"].as_str().map(str::to_owned);
        Self {
            name: name.to_owned(),
            kind,
            label,
            def: object(def),
        }
    }
}

/// Fields that exist because of another field.
fn companions(name: &str, def: &Value) -> Vec<Field> {
    let flag = |suffix: &str| {
        Field::read(
            &format!("{name}{suffix}"),
            &json!({"type": "bool", "notStorable": true}),
        )
    };
    match def["type"].as_str() {
        Some("address") => address_parts(name),
        Some("email" | "phone") => vec![flag("IsOptedOut"), flag("IsInvalid")],
        Some("currency") => vec![Field::read(
            &format!("{name}Currency"),
            &json!({"type": "enum", "maxLength": 3, "isCurrency": true}),
        )],
        _ => Vec::new(),
    }
}

fn address_parts(name: &str) -> Vec<Field> {
    [
        ("Street", "text", 255),
        ("City", "varchar", 100),
        ("State", "varchar", 100),
        ("Country", "varchar", 100),
        ("PostalCode", "varchar", 40),
    ]
    .into_iter()
    .map(|(part, kind, length)| {
        Field::read(
            &format!("{name}{part}"),
            &json!({"type": kind, "maxLength": length}),
        )
    })
    .collect()
}

fn common_fields(flags: &Flags) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut add = |name: &str, def: Value| fields.push(Field::read(name, &def));
    if flags.stamped {
        add("createdAt", json!({"type": "datetime", "readOnly": true}));
        add("modifiedAt", json!({"type": "datetime", "readOnly": true}));
    }
    if flags.stream {
        add(
            "streamUpdatedAt",
            json!({"type": "datetime", "readOnly": true}),
        );
    }
    if flags.stamped {
        add("createdBy", json!({"type": "link", "readOnly": true}));
        add("modifiedBy", json!({"type": "link", "readOnly": true}));
    }
    if flags.owned {
        let required = if flags.owner_required {
            json!({"type": "link", "required": true})
        } else {
            json!({"type": "link"})
        };
        add("assignedUser", required);
        add("teams", json!({"type": "linkMultiple"}));
    }
    fields
}

fn read_links(raw: &Value, flags: &Flags, version: Version) -> Vec<Link> {
    let own = raw["links"]
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, def)| present(def, version));
    let mut links: Vec<Link> = own.map(|(name, def)| Link::read(name, def)).collect();
    let user = json!({"type": "belongsTo", "entity": "User"});
    if flags.stamped {
        links.extend(["createdBy", "modifiedBy"].map(|name| Link::read(name, &user)));
    }
    if flags.owned {
        links.push(Link::read("assignedUser", &user));
        links.push(Link::read(
            "teams",
            &json!({"type": "hasMany", "entity": "Team", "relationName": "entityTeam"}),
        ));
    }
    links
}

impl Link {
    fn read(name: &str, def: &Value) -> Self {
        let text = |key: &str| def[key].as_str().unwrap_or_default().to_owned();
        let kind = match def["type"].as_str() {
            Some("belongsToParent") => LinkKind::BelongsToParent,
            Some("hasMany") => LinkKind::HasMany,
            Some("hasOne") => LinkKind::HasOne,
            Some("hasChildren") => LinkKind::HasChildren,
            _ => LinkKind::BelongsTo,
        };
        Self {
            name: name.to_owned(),
            kind,
            entity: text("entity"),
            foreign: text("foreign"),
            def: object(def),
        }
    }
}

fn always(raw: &Value, key: &str, flags: &Flags) -> Vec<String> {
    let own = raw[key]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let stamped = flags.stamped.then_some("createdById");
    let owned = flags.owned.then_some("assignedUserId");
    let starred = flags.stars.then_some("isStarred");
    ["id"]
        .into_iter()
        .chain(own)
        .chain(stamped)
        .chain(owned)
        .chain(starred)
        .map(str::to_owned)
        .collect()
}

/// Whether a definition exists in this version.
pub(crate) fn present(def: &Value, version: Version) -> bool {
    let old_enough = def["since"].as_i64() != Some(10) || version.is_10();
    let pipelines = def["pipelines"].as_bool() != Some(true) || version.has_pipelines();
    old_enough && pipelines
}

fn text(raw: &Value, key: &str) -> Option<String> {
    raw[key].as_str().map(str::to_owned)
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
