//! What lets a call through that cannot be undone: its preview first, then a person's yes, the preview's
//! token, or the call repeated.
//!
//! Owns the order of the three and what a caller is told when none of them is there. It must not know how
//! a person is asked.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::question::{self, Decision};
use super::{App, denied, failed};
use crate::confirm::{Attempt, Intent, NotYet, Said, State};
use crate::error::{Kind, ToolError};
use crate::input::{Able, Input, Unfinished};
use crate::policy::{self, ConfirmRule, Confirmation, Grant, Principal};
use crate::registry::Tool;
use crate::runtime::Call;

/// Evidence that the call may run: none needed, or a confirmed preview. Otherwise what has to be asked,
/// or the preview with its token.
pub(super) async fn confirm(
    app: &App,
    (tool, grant): (&Tool, &Grant),
    principal: &Principal,
    call: &Call,
    (said, input, began): (&Said, &Input, Instant),
) -> Result<Confirmation, Unfinished> {
    if !grant.effect().needs_confirmation() {
        return Ok(Confirmation::NotNeeded);
    }
    let human = tool.connection.rule.confirm == ConfirmRule::Human;
    if human && !input.able.form {
        return Err(nobody_to_ask(tool));
    }
    let decision = question::decision(input);
    if let Decision::No(name, why) = decision {
        app.confirmations.forget(name);
        return Err(refused(tool, why).into());
    }
    let preview = preview(app, (tool, grant), principal, call).await?;
    let meant = (tool.connection.serial, tool.plugin.name.as_str());
    let intent = Intent::new(principal.as_str(), meant, &call.arguments);
    let state = State::of(&preview);
    let (all, who) = (&app.confirmations, (principal, grant));
    let given = match decision {
        Decision::Yes(name) => all.agreed(who, intent, name, state),
        _ if human => Err(NotYet::NotPreviewed),
        _ => {
            let attempt = Attempt {
                intent,
                said,
                state,
                began,
            };
            all.redeem(who, &attempt)
        }
    };
    match given {
        Ok(confirmed) => Ok(Confirmation::Given(confirmed)),
        Err(_) if input.able.form => {
            let name = all.ask(intent, state);
            let questions = question::ask(tool, &call.text, &preview, &name);
            Err(Unfinished::Asks(questions))
        }
        Err(why) => {
            let token = all.remember(intent, state, Instant::now());
            let mut error = not_confirmed(tool, said, why, preview, &token);
            let seconds = all.valid_for().as_secs();
            error.beside.insert("expires_in_s".into(), json!(seconds));
            Err(error.into())
        }
    }
}

async fn preview(
    app: &App,
    (tool, grant): (&Tool, &Grant),
    principal: &Principal,
    call: &Call,
) -> Result<Value, ToolError> {
    let permit = policy::authorize_preview(principal, grant).map_err(|d| denied(&d))?;
    let link = Arc::clone(&tool.connection.link);
    app.runtime
        .preview(&permit, &tool.connection.plugin.compiled, link, call)
        .await
        .map_err(|failure| failed(&tool.listed_name, call, failure))
}

fn not_confirmed(tool: &Tool, said: &Said, why: NotYet, preview: Value, token: &str) -> ToolError {
    let message = match (said, why) {
        (Said::Nothing, _) => "did nothing yet; this is what it would do",
        (_, NotYet::NotPreviewed) => {
            "did nothing: this call was not previewed with these arguments, or too long ago; this is what it would do"
        }
        (_, NotYet::WrongToken) => {
            "did nothing: the token does not belong to this preview; this is what it would do"
        }
        (_, NotYet::Changed) => {
            "did nothing: what it would change is no longer what was shown; this is what it would do now"
        }
    };
    let mut error = unconfirmed(tool, message)
        .suggest("show the preview to the user; if they agree, call again with the same arguments and the confirmation_token")
        .retry(None);
    let beside = &mut error.beside;
    beside.insert("preview".into(), preview);
    beside.insert("confirmation_token".into(), json!(token));
    error
}

/// A person was asked, and did not say yes.
fn refused(tool: &Tool, why: &str) -> ToolError {
    unconfirmed(tool, &format!("did nothing: {why}"))
        .suggest("leave it, unless the user asks for it again; calling again asks them again")
}

fn nobody_to_ask(tool: &Tool) -> Unfinished {
    let error = unconfirmed(
        tool,
        "did nothing: this connection lets only a human confirm, and this client did not declare that it can ask its user (capability `elicitation`, mode `form`)",
    )
    .suggest("use a client that supports elicitation, or let the operator set `confirm = \"token\"` on the connection");
    let form = Able {
        form: true,
        ..Able::default()
    };
    Unfinished::Lacks(form, error)
}

fn unconfirmed(tool: &Tool, what: &str) -> ToolError {
    let name = tool.plugin.name.as_str();
    let code = format!("{}_NOT_CONFIRMED", name.to_uppercase());
    ToolError::new(Kind::Confirm, code, format!("`{name}` {what}"))
}
