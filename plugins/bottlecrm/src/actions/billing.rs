//! Invoices and estimates: sending, payments, cancelling, copying, and invoices made of something.

use portcullis_sdk::{
    Effect, Failure, Kind as FailureKind, Method, Outcome, RouteExt, code, datetime, post,
};
use serde_json::{Value, json};

use super::{Action, Asked, not_applied, not_now, proven, told, unseen, what};
use crate::{
    choices,
    create::partly,
    crm::{self, Record},
    entity, errors,
    fields::{Field, Kind, may, must},
    lists,
};

const METHOD: Kind = Kind::Choice(choices::PAYMENT_METHOD);
/// Seconds by which the CRM's clock may be behind ours.
const SKEW: i64 = 120;

const PAYMENT: &[Field] = &[
    must("amount", Kind::Decimal),
    must("payment_date", Kind::Date),
    must("payment_method", METHOD),
    may("reference_number", Kind::Text(100)),
    may("notes", Kind::Text(0)),
];

pub(super) static ACTIONS: &[Action] = &[
    Action {
        name: "send",
        also: None,
        entities: &["invoices"],
        effect: Effect::Outward,
        irreversible: true,
        about: "mails the invoice to the client; not without lines, not when paid or cancelled; a second time is possible and is warned of",
        params: &[],
        run: send,
        preview: Some(send_preview),
        routes: || vec![post("api/invoices/{id}/send").same("id", "/id")],
    },
    Action {
        name: "send",
        also: None,
        entities: &["estimates"],
        effect: Effect::Outward,
        irreversible: true,
        about: "mails the estimate to the client; not without lines",
        params: &[],
        run: send,
        preview: Some(send_preview),
        routes: || vec![post("api/invoices/estimates/{id}/send").same("id", "/id")],
    },
    Action {
        name: "mark_paid",
        also: None,
        entities: &["invoices"],
        effect: Effect::Write,
        irreversible: false,
        about: "records a payment of what is due, or of an amount",
        params: &[
            may("amount", Kind::Decimal),
            may("payment_method", METHOD),
            may("payment_date", Kind::Date),
        ],
        run: mark_paid,
        preview: None,
        routes: || vec![post("api/invoices/{id}/mark-paid").same("id", "/id")],
    },
    Action {
        name: "pay",
        also: None,
        entities: &["invoices"],
        effect: Effect::Write,
        irreversible: false,
        about: "records one payment; more than what is due is refused",
        params: PAYMENT,
        run: pay,
        preview: None,
        routes: || {
            vec![
                post("api/invoices/{id}/payments")
                    .same("id", "/id")
                    .json_same("/amount", "/params/amount"),
            ]
        },
    },
    Action {
        name: "cancel",
        also: None,
        entities: &["invoices"],
        effect: Effect::Destructive,
        irreversible: true,
        about: "cancels the invoice",
        params: &[],
        run: cancel,
        preview: Some(cancel_preview),
        routes: || vec![post("api/invoices/{id}/cancel").same("id", "/id")],
    },
    Action {
        name: "duplicate",
        also: None,
        entities: &["invoices"],
        effect: Effect::Write,
        irreversible: false,
        about: "makes a draft with the same lines",
        params: &[],
        run: duplicate,
        preview: None,
        routes: || vec![post("api/invoices/{id}/duplicate").same("id", "/id")],
    },
    Action {
        name: "from_opportunity",
        also: None,
        entities: &["invoices"],
        effect: Effect::Write,
        irreversible: false,
        about: "makes an invoice of a won deal, whose id is `id`; the deal needs an account, a contact and line items. Some releases of the CRM fail here with status 500",
        params: &[],
        run: from_opportunity,
        preview: None,
        routes: || {
            vec![
                post("api/invoices/from-opportunity/{id}").same("id", "/id"),
                portcullis_sdk::get("api/opportunities/{id}").same("id", "/id"),
                portcullis_sdk::get("api/invoices"),
            ]
        },
    },
    Action {
        name: "from_time_entries",
        also: None,
        entities: &["invoices"],
        effect: Effect::Write,
        irreversible: false,
        about: "makes an invoice of time that was not invoiced yet, for the account whose id is `id`",
        params: &[must("entry_ids", Kind::Ids)],
        run: from_time_entries,
        preview: None,
        routes: || {
            vec![
                post("api/invoices/from-time-entries")
                    .json_same("/account_id", "/id")
                    .json_same("/entry_ids", "/params/entry_ids")
                    .only("", &["account_id", "entry_ids"]),
            ]
        },
    },
];

/// The CRM sends an invoice without lines and one that is paid, so both are refused here.
fn sendable(asked: &Asked<'_>) -> Result<Record, Failure> {
    let record = asked.record()?;
    let status = crm::text(&record, "status");
    if lines(&record) == 0 {
        return Err(not_now(
            format!(
                "this {} has no lines; the CRM would mail it empty",
                asked.entity.one
            ),
            "add line_items with crm_update first",
        ));
    }
    if matches!(status, "Paid" | "Cancelled") {
        return Err(not_now(
            format!("this {} is {status}", asked.entity.one),
            "duplicate makes a new draft of an invoice",
        ));
    }
    if crm::text(&record, "client_email").is_empty() {
        return Err(not_now(
            format!(
                "this {} has no client_email, so nobody would get it",
                asked.entity.one
            ),
            "set client_email with crm_update first",
        ));
    }
    Ok(record)
}

fn lines(record: &Record) -> usize {
    record
        .get("line_items")
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

fn send(asked: &Asked<'_>) -> Result<Record, Failure> {
    sendable(asked)?;
    let mut answer = asked.send(Method::Post, &["send"], Some(&json!({})))?;
    let done = format!("sent the {}", asked.entity.one);
    let record = asked.record().map_err(|why| unseen(asked, &done, &why))?;
    if crm::text(&record, "status") == "Draft" {
        let still = format!("{done}, but it still is a draft");
        return Err(not_applied(asked, &still).outcome(Outcome::MayHaveHappened));
    }
    for key in ["status", "sent_at"] {
        answer.extend(
            record
                .get_key_value(key)
                .map(|(key, value)| (key.clone(), value.clone())),
        );
    }
    Ok(answer)
}

fn send_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let record = sendable(asked)?;
    let mut warnings = Vec::new();
    let sent = crm::text(&record, "sent_at");
    if !sent.is_empty() || crm::text(&record, "status") != "Draft" {
        let when = if sent.is_empty() {
            String::new()
        } else {
            format!(" on {sent}")
        };
        warnings.push(format!(
            "this {} was sent already{when}; the client would get it once more",
            asked.entity.one
        ));
    }
    let to = crm::text(&record, "client_email");
    let many = lines(&record);
    let summary = format!(
        "A mail with {} over {} {} ({many} lines) would go to {to}.",
        asked.entity.title_of(&record),
        crm::text(&record, "total_amount"),
        crm::text(&record, "currency"),
    );
    let mut preview = what(asked, summary, &record, &warnings);
    preview["recipient"] = to.into();
    preview["lines"] = many.into();
    Ok(preview)
}

fn mark_paid(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["mark-paid"], Some(&asked.body()))
}

fn pay(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["payments"], Some(&asked.body()))
}

fn cancel(asked: &Asked<'_>) -> Result<Record, Failure> {
    cancellable(asked)?;
    let answer = asked.send(Method::Post, &["cancel"], Some(&json!({})))?;
    let cancelled = "Cancelled".into();
    proven(
        asked,
        answer,
        "/invoice/status",
        &cancelled,
        "cancelled the invoice",
    )
}

fn cancel_preview(asked: &Asked<'_>) -> Result<Value, Failure> {
    let record = cancellable(asked)?;
    let paid = crm::text(&record, "amount_paid");
    let mut warnings = Vec::new();
    if paid.parse::<f64>().is_ok_and(|paid| paid > 0.0) {
        warnings.push(format!("{paid} were paid on it already"));
    }
    if crm::text(&record, "status") != "Draft" {
        warnings.push("the client may have it already; cancelling tells them nothing".to_owned());
    }
    let summary = format!(
        "The invoice {} over {} {} would be cancelled. This cannot be undone.",
        crm::text(&record, "invoice_number"),
        crm::text(&record, "total_amount"),
        crm::text(&record, "currency"),
    );
    Ok(what(asked, summary, &record, &warnings))
}

fn cancellable(asked: &Asked<'_>) -> Result<Record, Failure> {
    let record = asked.record()?;
    if crm::text(&record, "status") == "Cancelled" {
        return Err(not_now(
            "this invoice is cancelled already",
            "nothing is left to do",
        ));
    }
    Ok(record)
}

fn duplicate(asked: &Asked<'_>) -> Result<Record, Failure> {
    asked.send(Method::Post, &["duplicate"], Some(&json!({})))
}

/// What the CRM wants of the deal is looked at first, because it says little. Some releases fail
/// for every deal; nothing is stored then, which is looked at as well.
fn from_opportunity(asked: &Asked<'_>) -> Result<Record, Failure> {
    let deals = entity::find("opportunities")?;
    let deal = crm::record(asked.call, deals, asked.id)?;
    let lacks = |key: &str| deal.get(key).is_none_or(crate::shape::is_empty);
    if crm::text(&deal, "stage") != "CLOSED_WON" {
        return Err(not_now(
            "only a deal in the stage CLOSED_WON becomes an invoice",
            "close it with crm_action move first",
        ));
    }
    if let Some(missing) = ["account", "contacts", "line_items"]
        .into_iter()
        .find(|key| lacks(key))
    {
        return Err(not_now(
            format!("the deal has no {missing}"),
            "the deal needs an account, a contact and line items",
        ));
    }
    let mut path = asked.entity.list();
    path.extend(["from-opportunity".to_owned(), asked.id.to_owned()]);
    let response = asked.call.http().post(path).json(&json!({})).send()?;
    if response.status < 500 {
        return told(&crm::accept(response, &asked.about())?);
    }
    let failure = errors::refused(&response, &asked.about());
    match made_just_now(asked) {
        Ok(Some(id)) => Err(partly(
            format!("{} - but an invoice of this deal was stored since this call began", failure.message),
            &id,
        )
        .suggest("look at it with crm_get; do not make another")),
        Ok(None) => Err(failure.outcome(Outcome::NotDone).suggest(
            "this is a fault of the CRM's release, and nothing was stored; create the invoice with crm_create and line_items instead",
        )),
        Err(_) => Err(failure),
    }
}

fn made_just_now(asked: &Asked<'_>) -> Result<Option<String>, Failure> {
    let began = datetime::seconds(&asked.call.connection().now);
    let wanted = lists::Wanted {
        entity: asked.entity,
        params: vec![("opportunity".to_owned(), asked.id.to_owned())],
        fields: vec!["id", "created_at"],
        limit: 50,
        offset: 0,
    };
    let found = lists::fetch_list(asked.call, &wanted)?;
    let is_new = |row: &Record| {
        let created = datetime::seconds(crm::text(row, "created_at"));
        created
            .zip(began)
            .is_some_and(|(created, began)| created >= began - SKEW)
    };
    Ok(found
        .rows
        .iter()
        .find(|row| is_new(row))
        .map(|row| crm::text(row, "id").to_owned()))
}

fn from_time_entries(asked: &Asked<'_>) -> Result<Record, Failure> {
    let entries = &asked.params["entry_ids"];
    if entries.as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::new(
            FailureKind::BadInput,
            code::MISSING_REQUIRED_FIELD,
            "entry_ids is empty",
        )
        .at("/params/entry_ids")
        .suggest("crm_search of time_entries shows what was not invoiced yet"));
    }
    let mut path = asked.entity.list();
    path.push("from-time-entries".to_owned());
    asked.send_to(
        Method::Post,
        path,
        Some(&json!({"account_id": asked.id, "entry_ids": entries})),
    )
}
