//! The tool `draft_email`: a draft in the CRM, never a sent mail.

use portcullis_sdk::{Call, Failure, Kind, Outcome, code, path};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    crm, entity,
    errors::{About, TEMPLATE_NOT_FOUND},
    forbidden, identity,
    settings::Settings,
};

/// Writes an e-mail draft; a person sends it in the CRM. With templateId the template's placeholders
/// are filled from the parent record and the first recipient; subject and body given here replace
/// the template's.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct DraftArgs {
    /// Recipients, separated by `;` or `,`.
    #[schemars(length(min = 3, max = 5000))]
    to: String,
    /// Subject; needed without a template.
    #[serde(default)]
    #[schemars(length(max = 255))]
    subject: Option<String>,
    /// Text of the mail.
    #[serde(default)]
    body: Option<String>,
    /// Whether the body is HTML.
    #[serde(default)]
    is_html: bool,
    /// Copy recipients.
    #[serde(default)]
    #[schemars(length(max = 5000))]
    cc: Option<String>,
    /// Hidden copy recipients.
    #[serde(default)]
    #[schemars(length(max = 5000))]
    bcc: Option<String>,
    /// Id of an EmailTemplate.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    template_id: Option<String>,
    /// Entity type of the record that the mail belongs to.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z][A-Za-z0-9]{0,99}$"))]
    parent_type: Option<String>,
    /// Id of the record that the mail belongs to.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[A-Za-z0-9_-]{1,36}$"))]
    parent_id: Option<String>,
}

/// The draft.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Drafted {
    id: String,
    /// The draft's page in the CRM.
    url: String,
    status: String,
    from: String,
    to: String,
    subject: String,
    /// Placeholders that nothing filled; they would be sent as they stand.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unfilled_placeholders: Vec<String>,
}

pub(crate) fn draft(call: &Call<'_>, args: &DraftArgs) -> Result<Drafted, Failure> {
    let (to, cc, bcc) = (
        addresses(Some(&args.to), "/to")?,
        addresses(args.cc.as_deref(), "/cc")?,
        addresses(args.bcc.as_deref(), "/bcc")?,
    );
    let parent = parent(call, args)?;
    let from = sender(call)?;
    let text = compose(call, args, parent, to.split(';').next().unwrap_or_default())?;
    let mut mail = json!({"status": "Draft", "name": text.subject, "from": from, "to": to, "body": text.body, "isHtml": text.is_html});
    let mut put = |key: &str, value: Value| mail[key] = value;
    for (key, list) in [("cc", cc), ("bcc", bcc)] {
        if !list.is_empty() {
            put(key, list.into());
        }
    }
    if let Some((entity, id)) = parent {
        put("parentType", entity.into());
        put("parentId", id.into());
    }
    if !text.attachments.is_empty() {
        put("attachmentsIds", text.attachments.into());
    }
    let response = crm::send(
        call,
        call.http().post(path!["Email"]).json(&mail),
        &About::changing("Email", "create"),
    );
    let stored = crm::record(&response.map_err(explain)?)?;
    let id = stored.text("id").unwrap_or_default();
    let status = stored.text("status").unwrap_or_else(|| "Draft".to_owned());
    if status != "Draft" {
        return Err(Failure::new(
            Kind::UpstreamFault,
            code::NOT_APPLIED,
            format!("the CRM stored e-mail {id} with status {status}, not as a draft"),
        )
        .outcome(Outcome::PartlyDone));
    }
    Ok(Drafted {
        url: crm::url(call, "Email", &id),
        id,
        status,
        from,
        to,
        unfilled_placeholders: leftovers(&format!("{} {}", text.subject, text.body)),
        subject: text.subject,
    })
}

struct Text {
    subject: String,
    body: String,
    is_html: bool,
    attachments: Vec<Value>,
}

/// Subject and body: the caller's, else the template's.
fn compose(
    call: &Call<'_>,
    args: &DraftArgs,
    parent: Option<(&str, &str)>,
    recipient: &str,
) -> Result<Text, Failure> {
    let template = match &args.template_id {
        Some(id) => prepare(call, id, parent, recipient)?,
        None => Value::Null,
    };
    let given = |text: &Option<String>| {
        text.as_ref()
            .filter(|text| !text.trim().is_empty())
            .cloned()
    };
    let subject = given(&args.subject)
        .or_else(|| template["subject"].as_str().map(str::to_owned))
        .unwrap_or_default();
    if subject.trim().is_empty() {
        return Err(
            Failure::bad_input(code::MISSING_REQUIRED_FIELD, "the draft needs a subject")
                .at("/subject"),
        );
    }
    let is_html = if args.body.is_some() {
        args.is_html
    } else {
        template["isHtml"].as_bool().unwrap_or(args.is_html)
    };
    let body = given(&args.body)
        .or_else(|| template["body"].as_str().map(str::to_owned))
        .unwrap_or_default();
    Ok(Text {
        subject,
        body,
        is_html,
        attachments: template["attachmentsIds"]
            .as_array()
            .cloned()
            .unwrap_or_default(),
    })
}

fn prepare(
    call: &Call<'_>,
    id: &str,
    parent: Option<(&str, &str)>,
    recipient: &str,
) -> Result<Value, Failure> {
    entity::check_id(id, "/templateId")?;
    let mut body = json!({"emailAddress": recipient});
    if let Some((entity, id)) = parent {
        body["parentType"] = entity.into();
        body["parentId"] = id.into();
    }
    let ask = call
        .http()
        .post(path!["EmailTemplate", id, "prepare"])
        .json(&body)
        .changes_nothing();
    let response =
        crm::send(call, ask, &About::reading("EmailTemplate").id(id)).map_err(|failure| {
            match &*failure.code {
                code::RECORD_NOT_FOUND => Failure::not_found(
                    TEMPLATE_NOT_FOUND,
                    format!("there is no e-mail template {id}"),
                )
                .at("/templateId")
                .suggest("search EmailTemplate for it"),
                _ => failure,
            }
        })?;
    response.decode()
}

/// The address that the CRM lets this user write from: the operator's choice, else the user's first.
fn sender(call: &Call<'_>) -> Result<String, Failure> {
    if let Some(address) = Settings::of(call)?.sender_address {
        return Ok(address);
    }
    let user = identity::identity(call)?;
    user.addresses.into_iter().next().ok_or_else(|| {
        forbidden::sender_not_allowed(
            "the API user has no e-mail address, so it cannot write drafts",
        )
    })
}

fn explain(failure: Failure) -> Failure {
    let is_from = failure
        .details
        .as_ref()
        .is_some_and(|details| details["field"] == "from");
    match &*failure.code {
        code::MISSING_REQUIRED_FIELD if is_from => {
            forbidden::sender_not_allowed("the CRM wants a sender address")
        }
        code::RECORD_NOT_FOUND => {
            Failure::not_found(code::RECORD_NOT_FOUND, "the parent record does not exist")
                .at("/parentId")
                .outcome(Outcome::NotDone)
        }
        _ => failure,
    }
}

fn parent<'a>(call: &Call<'_>, args: &'a DraftArgs) -> Result<Option<(&'a str, &'a str)>, Failure> {
    match (args.parent_type.as_deref(), args.parent_id.as_deref()) {
        (None, None) => Ok(None),
        (Some(entity), Some(id)) => {
            entity::check_at(call, entity, "/parentType")?;
            entity::check_id(id, "/parentId")?;
            Ok(Some((entity, id)))
        }
        (given, _) => {
            let absent = if given.is_some() {
                "/parentId"
            } else {
                "/parentType"
            };
            Err(Failure::bad_input(
                code::MISSING_REQUIRED_FIELD,
                "parentType and parentId belong together",
            )
            .at(absent))
        }
    }
}

/// Addresses in the CRM's form, joined by `;`.
fn addresses(list: Option<&str>, pointer: &str) -> Result<String, Failure> {
    let each = list
        .unwrap_or_default()
        .split([';', ','])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let mut found = Vec::new();
    for part in each {
        let address = part
            .rsplit_once('<')
            .map_or(part, |(_, rest)| rest.trim_end_matches('>'))
            .trim();
        if !is_address(address) {
            return Err(Failure::bad_input(
                code::INVALID_FIELD_VALUE,
                "an e-mail address is malformed",
            )
            .at(pointer));
        }
        found.push(address);
    }
    if found.is_empty() && pointer == "/to" {
        return Err(Failure::bad_input(
            code::MISSING_REQUIRED_FIELD,
            "the draft needs a recipient",
        )
        .at(pointer));
    }
    Ok(found.join(";"))
}

fn is_address(text: &str) -> bool {
    let Some((name, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let clean = |part: &str| {
        !part.is_empty()
            && !part
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '@' | '"'))
    };
    clean(name)
        && clean(domain)
        && domain.contains('.')
        && !domain.starts_with('.')
        && !domain.ends_with('.')
}

/// Placeholders such as `{Person.firstName}` that are still there.
fn leftovers(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in text.split('{').skip(1) {
        let Some((inner, _)) = part.split_once('}') else {
            continue;
        };
        let is_word = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let placeholder = format!("{{{inner}}}");
        if inner
            .split_once('.')
            .is_some_and(|(left, right)| is_word(left) && is_word(right))
            && !found.contains(&placeholder)
        {
            found.push(placeholder);
        }
    }
    found
}
