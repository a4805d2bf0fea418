//! Refusals of gateway, auth server and PostgREST, in plain words.

use portcullis_sdk::{
    Kind, Outcome,
    testing::{get, post},
};
use serde_json::json;

use crate::fixtures::{crm, failed, refused, table};

#[test]
fn reads_that_are_refused() {
    for (status, code, message, kind, ours, words) in [
        (
            401,
            "PGRST301",
            "JWT expired",
            Kind::AuthNeeded,
            "AUTH_FAILED",
            "JWT expired",
        ),
        (
            401,
            "PGRST303",
            "JWT expired",
            Kind::AuthNeeded,
            "AUTH_FAILED",
            "JWT expired",
        ),
        (
            401,
            "42501",
            "permission denied for table tags",
            Kind::AuthNeeded,
            "AUTH_FAILED",
            "nobody who is signed in",
        ),
        (
            403,
            "42501",
            "permission denied for table tags",
            Kind::Forbidden,
            "PERMISSION_DENIED",
            "read tag",
        ),
        (
            404,
            "PGRST205",
            "Could not find the table 'public.tags' in the schema cache",
            Kind::Unsupported,
            "NOT_INSTALLED",
            "public.tags",
        ),
        (
            400,
            "42703",
            "column tags.colour does not exist",
            Kind::BadInput,
            "INVALID_FIELD",
            "no column colour (42703)",
        ),
        (
            400,
            "22P02",
            "invalid input syntax for type bigint: \"abc\"",
            Kind::BadInput,
            "INVALID_FIELD_VALUE",
            "not of the column's type (22P02)",
        ),
        (
            404,
            "42883",
            "operator does not exist: bigint ~~* unknown",
            Kind::BadInput,
            "INVALID_ARGUMENT",
            "(42883)",
        ),
        (
            500,
            "57014",
            "canceling statement",
            Kind::Unavailable,
            "UPSTREAM_TIMEOUT",
            "57014",
        ),
        (
            503,
            "PGRST002",
            "Could not query the database for the schema cache",
            Kind::Unavailable,
            "UPSTREAM_ERROR",
            "loading its schema",
        ),
        (
            500,
            "XX000",
            "internal",
            Kind::UpstreamFault,
            "UPSTREAM_ERROR",
            "XX000",
        ),
    ] {
        let times = if status == 503 { 3 } else { 1 };
        let crm = crm().expect(refused(table("tags"), status, code, message).times(times));
        let failure = failed(crm.invoke("list_records", json!({"entity": "tags"})));
        assert_eq!((failure.kind, &*failure.code), (kind, ours), "{code}");
        assert!(failure.message.contains(words), "{}", failure.message);
        assert_eq!(failure.outcome, Some(Outcome::NotDone));
    }
}

#[test]
fn writes_that_are_refused_name_the_column() {
    for (status, code, message, details, ours, field) in [
        (
            409,
            "23503",
            "insert or update on table \"tasks\" violates foreign key constraint \"tasks_contact_id_fkey\"",
            Some("Key is not present in table \"contacts\"."),
            "INVALID_LINK",
            Some("/data/contact_id"),
        ),
        (
            409,
            "23503",
            "violates foreign key constraint \"x\"",
            Some("Key (contact_id)=(9) is not present in table \"contacts\"."),
            "INVALID_LINK",
            Some("/data/contact_id"),
        ),
        (
            409,
            "23505",
            "duplicate key value violates unique constraint \"tasks_pkey\"",
            None,
            "DUPLICATE_DETECTED",
            None,
        ),
        (
            400,
            "23502",
            "null value in column \"contact_id\" of relation \"tasks\" violates not-null constraint",
            None,
            "MISSING_REQUIRED_FIELD",
            Some("/data/contact_id"),
        ),
        (
            400,
            "23514",
            "new row for relation \"tasks\" violates check constraint \"c\"",
            None,
            "INVALID_FIELD_VALUE",
            Some("/data"),
        ),
        (
            403,
            "42501",
            "new row violates row-level security policy for table \"tasks\"",
            None,
            "PERMISSION_DENIED",
            None,
        ),
        (
            500,
            "55000",
            "cannot insert into view",
            None,
            "UPSTREAM_ERROR",
            None,
        ),
    ] {
        let crm = crm()
            .expect(table("configuration").reply(200, json!([])))
            .expect(post("rest/v1/tasks").reply(
                status,
                json!({"code": code, "message": message, "details": details, "hint": null}),
            ));
        let failure = failed(crm.invoke(
            "create_record",
            json!({"entity": "tasks", "data": {"contact_id": 9, "text": "x"}}),
        ));
        assert_eq!(&*failure.code, ours, "{code}");
        assert_eq!(failure.fields.first().map(String::as_str), field, "{code}");
        assert_eq!(failure.outcome, Some(Outcome::NotDone), "{code}");
    }
}

#[test]
fn a_value_that_another_row_has_names_its_column() {
    for (message, details, field) in [
        (
            "duplicate key value violates unique constraint \"one_tax_identifier\"",
            Some("Key (tax_identifier)=(DE1) already exists."),
            Some("/data/tax_identifier"),
        ),
        (
            "duplicate key value violates unique constraint \"companies_tax_identifier_key\"",
            None,
            Some("/data/tax_identifier"),
        ),
        (
            "duplicate key value violates unique constraint \"companies_name_city_key\"",
            Some("Key (name, city)=(Acme, Ulm) already exists."),
            None,
        ),
        (
            "duplicate key value violates unique constraint \"one_name\"",
            Some("Key (lower(name))=(acme) already exists."),
            None,
        ),
    ] {
        let crm = crm().expect(post("rest/v1/companies").reply(
            409,
            json!({"code": "23505", "message": message, "details": details, "hint": null}),
        ));
        let failure = failed(crm.invoke(
            "create_record",
            json!({"entity": "companies", "data": {"name": "Acme", "tax_identifier": "DE1"}}),
        ));
        assert_eq!(&*failure.code, "DUPLICATE_DETECTED");
        assert!(failure.message.contains("(23505)"), "{}", failure.message);
        assert_eq!(
            failure.fields.first().map(String::as_str),
            field,
            "{message}"
        );
        let named = failure.message.contains("the same tax_identifier");
        assert_eq!(named, field.is_some(), "{}", failure.message);
    }
}

#[test]
fn the_databases_own_hint_goes_first() {
    let hint = "Perhaps you meant to reference the column \"contacts.title\".";
    let crm = crm().expect(post("rest/v1/rpc/crm_mcp_query").reply(
        400,
        json!({"code": "42703", "message": "column \"titel\" does not exist", "details": null, "hint": hint}),
    ));
    let failure = failed(crm.invoke("query", json!({"sql": "select titel from contacts"})));
    assert_eq!(failure.suggestion.as_deref(), Some(hint));
    assert_eq!(failure.message, "there is no column titel (42703)");
    assert_eq!(failure.fields, ["/sql"]);
}

#[test]
fn a_database_that_broke_off_leaves_a_write_open() {
    for (status, code) in [
        (503, "08006"),
        (503, "57P01"),
        (503, "PGRST001"),
        (500, "PGRSTX00"),
    ] {
        let crm = crm().expect(refused(post("rest/v1/companies"), status, code, "lost"));
        let failure = failed(crm.invoke(
            "create_record",
            json!({"entity": "companies", "data": {"name": "Acme"}}),
        ));
        assert_eq!(failure.outcome, Some(Outcome::MayHaveHappened), "{code}");
        assert!(!failure.retryable, "{code}");
    }
}

#[test]
fn the_gateway_and_the_auth_server_speak_otherwise() {
    let crm = crm()
        .expect(get("auth/v1/user").reply(401, json!({"message": "Invalid API key", "hint": "Double check your key"})))
        .expect(get("auth/v1/user").reply(403, json!({"code": 403, "error_code": "session_not_found", "msg": "Session from session_id claim in JWT does not exist"})))
        .expect(get("auth/v1/user").reply(404, json!({})))
        .expect(get("auth/v1/user").reply_bytes(200, "text/html", "<!doctype html><title>CRM</title>"));
    for (code, words) in [
        ("CREDENTIAL_MISSING", "publishable key"),
        ("AUTH_FAILED", "session_id"),
        ("NOT_INSTALLED", "nothing answers"),
        ("UPSTREAM_ERROR", "a page answers"),
    ] {
        let failure = failed(crm.invoke("whoami", json!({})));
        assert_eq!(&*failure.code, code);
        assert!(failure.message.contains(words), "{}", failure.message);
    }
}

#[test]
fn an_uncounted_answer_is_no_answer() {
    let crm = crm().expect(
        table("tags")
            .reply(200, json!([]))
            .with("content-range", "*/*"),
    );
    let failure = failed(crm.invoke("list_records", json!({"entity": "tags"})));
    assert!(failure.message.contains("did not count"));
}
