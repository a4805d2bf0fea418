//! What each tool may send. Placeholders, ids and attributes are bound to the arguments that name
//! them.
//!
//! Read by the operator and enforced by the host; nothing here sends anything.

use portcullis_sdk::{Route, RouteExt, delete as delete_route, get as get_route, post, put};

/// Controllers that are no record types, and record types that hold credentials or rights. They
/// share the shapes `{entity}` and `{entity}/{id}` with records.
pub(crate) const CLOSED: &[&str] = &[
    "Action",
    "Activities",
    "Admin",
    "ApiKey",
    "App",
    "AppLogRecord",
    "AppSecret",
    "Attachment",
    "AuthLogRecord",
    "AuthToken",
    "AuthenticationProvider",
    "CurrencyRate",
    "DataPrivacy",
    "EmailAccount",
    "EmailAddress",
    "EntityManager",
    "Export",
    "Extension",
    "ExternalAccount",
    "FieldManager",
    "FieldValidation",
    "Formula",
    "GlobalSearch",
    "GlobalStream",
    "I18n",
    "Import",
    "ImportEml",
    "InboundEmail",
    "Integration",
    "Kanban",
    "LabelManager",
    "LastViewed",
    "Layout",
    "LayoutManager",
    "LayoutSet",
    "LeadCapture",
    "MassAction",
    "Metadata",
    "MfaSecret",
    "OAuthAccount",
    "OAuthProvider",
    "Oidc",
    "OpenApi",
    "PasswordChangeRequest",
    "PopupNotification",
    "Preferences",
    "ScheduledJob",
    "Settings",
    "Sms",
    "Stream",
    "TemplateManager",
    "Timeline",
    "TwoFactorEmail",
    "TwoFactorSms",
    "UserData",
    "UserSecurity",
    "Webhook",
    "WebhookQueueItem",
];

/// Record types that can be read, and that no tool changes: they decide who may do what, or send
/// something.
pub(crate) const READ_ONLY: &[&str] = &[
    "EmailQueueItem",
    "MassEmail",
    "Portal",
    "PortalRole",
    "PortalUser",
    "Role",
    "Team",
    "User",
];

/// Subpaths of a record that are actions, not links.
pub(crate) const ACTIONS: &[&str] = &[
    "access",
    "action",
    "cancellations",
    "convert",
    "file",
    "followers",
    "generateMailMerge",
    "invitations",
    "myReactions",
    "pin",
    "posts",
    "prepare",
    "processMassEmails",
    "sendCancellation",
    "sendInvitations",
    "sendTest",
    "stream",
    "streamAttachments",
    "subscription",
    "unsubscribe",
    "updateStream",
    "usersAccess",
];

/// What a new record gets where the caller gave none.
const FILLED_IN: &[&str] = &["assignedUserId", "dateEnd"];

/// What a draft may hold.
const DRAFT: &[&str] = &[
    "status",
    "name",
    "from",
    "to",
    "cc",
    "bcc",
    "body",
    "isHtml",
    "parentType",
    "parentId",
    "attachmentsIds",
];

pub(crate) fn discovery() -> Vec<Route> {
    vec![metadata(), user(), get_route("I18n")]
}

pub(crate) fn search() -> Vec<Route> {
    vec![list_records(), metadata(), user()]
}

pub(crate) fn get() -> Vec<Route> {
    vec![read_record(), metadata()]
}

/// The record of a resource's address.
pub(crate) fn record() -> Vec<Route> {
    vec![the_record("/entity"), metadata()]
}

pub(crate) fn list_related() -> Vec<Route> {
    vec![read_link(), metadata()]
}

pub(crate) fn create() -> Vec<Route> {
    vec![
        unspecial(post("{entity}").same("entity", "/entityType"))
            .not("entity", &["Email"])
            .query_free(&[])
            .only("", &[&["/data"], FILLED_IN].concat()),
        metadata(),
        user(),
    ]
}

pub(crate) fn update() -> Vec<Route> {
    let mail = || {
        put("Email/{id}")
            .when("/entityType", ["Email"])
            .same("id", "/id")
            .query_free(&[])
            .only("", &["/data"])
    };
    vec![
        write_record(put("{entity}/{id}")).only("", &["/data"]),
        mail().absent("/status"),
        mail().json("/status", ["Draft"]),
        metadata(),
        user(),
    ]
}

pub(crate) fn delete() -> Vec<Route> {
    let record = delete_route("{entity}/{id}")
        .same("entity", "/entityType")
        .same("id", "/id");
    vec![unspecial(record).query_free(&[]), read_record(), metadata()]
}

pub(crate) fn delete_preview() -> Vec<Route> {
    let count = get_route("{entity}/{id}/{link}")
        .same("entity", "/entityType")
        .same("id", "/id");
    vec![
        read_record(),
        count.not("entity", CLOSED).not("link", ACTIONS),
        metadata(),
    ]
}

pub(crate) fn link() -> Vec<Route> {
    let mut routes = others(&write_link(post("{entity}/{id}/{link}")));
    routes.extend([read_link(), metadata()]);
    routes
}

pub(crate) fn unlink() -> Vec<Route> {
    let mut routes = others(&write_link(delete_route("{entity}/{id}/{link}")));
    routes.push(metadata());
    routes
}

/// The argument's other records, one or several, and no search that finds more of them.
fn others(link: &Route) -> Vec<Route> {
    let one = |source| link.clone().only("", &["id"]).json_same("/id", source);
    let several = link.clone().only("", &["ids"]);
    vec![
        one("/foreignId"),
        one("/foreignIds/*"),
        several.json_same("/ids/*", "/foreignIds/*"),
    ]
}

pub(crate) fn add_note() -> Vec<Route> {
    vec![
        post("Note")
            .query_free(&[])
            .only(
                "",
                &["type", "parentType", "parentId", "post", "isInternal"],
            )
            .json("/type", ["Post"])
            .json_same("/parentType", "/entityType")
            .json_same("/parentId", "/id")
            .json_same("/post", "/text"),
        read_record(),
        metadata(),
    ]
}

pub(crate) fn update_kanban() -> Vec<Route> {
    let board = get_route("Kanban/{entity}").same("entity", "/entityType");
    vec![
        write_record(put("{entity}/{id}")),
        put("Kanban/order")
            .query_free(&[])
            .only("", &["entityType", "group", "ids"])
            .json_same("/entityType", "/entityType"),
        board,
        list_records(),
        read_record(),
        metadata(),
        user(),
    ]
}

pub(crate) fn draft_email() -> Vec<Route> {
    let prepare = post("EmailTemplate/{id}/prepare").same("id", "/templateId");
    vec![
        post("Email")
            .query_free(&[])
            .only("", DRAFT)
            .json("/status", ["Draft"]),
        prepare.safe("fills in a template's placeholders and stores nothing"),
        metadata(),
        user(),
    ]
}

pub(crate) fn live_check() -> Vec<Route> {
    vec![
        get_route("Settings"),
        user(),
        metadata(),
        get_route("App/about"),
    ]
}

/// The names of the entity types, for whoever types one.
pub(crate) fn scopes() -> Vec<Route> {
    vec![metadata().query("key", &["scopes"])]
}

fn metadata() -> Route {
    get_route("Metadata")
}

fn user() -> Route {
    get_route("App/user")
}

fn list_records() -> Route {
    get_route("{entity}")
        .same("entity", "/entityType")
        .not("entity", CLOSED)
}

fn read_record() -> Route {
    the_record("/entityType")
}

/// One record, of the entity type that stands there and of the argument's id.
fn the_record(entity: &str) -> Route {
    get_route("{entity}/{id}")
        .same("entity", entity)
        .same("id", "/id")
        .not("entity", CLOSED)
}

fn read_link() -> Route {
    of_link(get_route("{entity}/{id}/{link}")).not("entity", CLOSED)
}

fn write_record(route: Route) -> Route {
    unspecial(route.same("entity", "/entityType").same("id", "/id"))
        .not("entity", &["Email"])
        .query_free(&[])
}

fn write_link(route: Route) -> Route {
    unspecial(of_link(route))
        .not("id", &["action"])
        .query_free(&[])
}

fn of_link(route: Route) -> Route {
    route
        .same("entity", "/entityType")
        .same("id", "/id")
        .same("link", "/link")
        .not("link", ACTIONS)
}

fn unspecial(route: Route) -> Route {
    route.not("entity", CLOSED).not("entity", READ_ONLY)
}
