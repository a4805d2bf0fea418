//! What each tool may send. Placeholders are bound to the arguments that name the record.
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

pub(crate) fn discovery() -> Vec<Route> {
    vec![metadata(), user(), get_route("I18n")]
}

pub(crate) fn search() -> Vec<Route> {
    vec![list_records(), metadata(), user()]
}

pub(crate) fn get() -> Vec<Route> {
    vec![read_record(), metadata()]
}

pub(crate) fn list_related() -> Vec<Route> {
    vec![read_link(), metadata()]
}

pub(crate) fn create() -> Vec<Route> {
    vec![
        unspecial(post("{entity}").same("entity", "/entityType")).not("entity", &["Email"]),
        metadata(),
        user(),
    ]
}

pub(crate) fn update() -> Vec<Route> {
    let mail = || put("Email/{id}").same("id", "/id");
    vec![
        write_record(put("{entity}/{id}")),
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
    vec![unspecial(record), read_record(), metadata()]
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
    let link = write_link(post("{entity}/{id}/{link}"))
        .absent("/massRelate")
        .absent("/where")
        .absent("/searchParams");
    vec![link, read_link(), metadata()]
}

pub(crate) fn unlink() -> Vec<Route> {
    vec![write_link(delete_route("{entity}/{id}/{link}")), metadata()]
}

pub(crate) fn add_note() -> Vec<Route> {
    vec![
        post("Note").json("/type", ["Post"]),
        read_record(),
        metadata(),
    ]
}

pub(crate) fn update_kanban() -> Vec<Route> {
    let board = get_route("Kanban/{entity}").same("entity", "/entityType");
    vec![
        write_record(put("{entity}/{id}")),
        put("Kanban/order"),
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
        post("Email").json("/status", ["Draft"]),
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
    get_route("{entity}/{id}")
        .same("entity", "/entityType")
        .same("id", "/id")
        .not("entity", CLOSED)
}

fn read_link() -> Route {
    of_link(get_route("{entity}/{id}/{link}")).not("entity", CLOSED)
}

fn write_record(route: Route) -> Route {
    unspecial(route.same("entity", "/entityType").same("id", "/id")).not("entity", &["Email"])
}

fn write_link(route: Route) -> Route {
    unspecial(of_link(route)).not("id", &["action"])
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
