//! Confirmations: what was previewed, to whom, and the single-use tokens that let it run.
//!
//! A token is bound to the principal, the tool on the connection as it was then, the arguments and the
//! record's state (the preview itself); it is used up by the call that it lets through, and it
//! expires. A person's answer is bound in the same way (`confirm/asked.rs`). Kept in memory: after a
//! restart everything is previewed again.

mod asked;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::policy::{Confirmed, Grant, Principal, Way};
use asked::Asked;

/// How long a preview can be confirmed.
pub const VALID_FOR: Duration = Duration::from_secs(600);

/// Previews that are kept at a time; the oldest go first.
const MOST_PENDING: usize = 10_000;

/// What the caller said about confirming; taken out of the arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Said {
    /// Nothing: a first call.
    #[default]
    Nothing,
    /// `confirm: true`.
    Yes,
    /// `confirmation_token`.
    Token(String),
}

impl Said {
    /// Takes `confirm` and `confirmation_token` out of the arguments.
    ///
    /// # Errors
    /// One of them has the wrong type; the pointer to it and what it should be.
    pub fn take(arguments: &mut Map<String, Value>) -> Result<Self, (&'static str, &'static str)> {
        let confirm = match arguments.shift_remove("confirm") {
            None | Some(Value::Null) => None,
            Some(Value::Bool(yes)) => Some(yes),
            Some(_) => return Err(("/confirm", "must be true or false")),
        };
        match arguments.shift_remove("confirmation_token") {
            None | Some(Value::Null) if confirm == Some(true) => Ok(Self::Yes),
            None | Some(Value::Null) => Ok(Self::Nothing),
            // A clear no weighs more than a token that was sent along.
            Some(Value::String(_)) if confirm == Some(false) => Ok(Self::Nothing),
            Some(Value::String(token)) => Ok(Self::Token(token)),
            Some(_) => Err((
                "/confirmation_token",
                "must be the text that came with the preview",
            )),
        }
    }
}

/// What is to be done, by whom: the key of a preview.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Intent([u8; 32]);

impl Intent {
    /// Of a principal, a tool, the connection that it runs on (by the number that every change of it
    /// changes) and the arguments; the order of their keys does not matter, the spelling of a number
    /// does, since a plugin sees it.
    #[must_use]
    pub fn new(principal: &str, (connection, tool): (u64, &str), arguments: &Value) -> Self {
        let mut hash = Sha256::new();
        hash.update(connection.to_be_bytes());
        for part in [principal, tool] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(canonical(arguments).to_string());
        Self(hash.finalize().into())
    }
}

/// What the preview showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State([u8; 32]);

impl State {
    /// Of a preview.
    #[must_use]
    pub fn of(preview: &Value) -> Self {
        Self(Sha256::digest(canonical(preview).to_string()).into())
    }
}

struct Pending {
    token: String,
    state: State,
    since: Instant,
}

/// A call that may be the confirmed one.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// What it is about.
    pub intent: Intent,
    /// What the caller said about confirming.
    pub said: &'a Said,
    /// What its preview shows now.
    pub state: State,
    /// When it came in.
    pub began: Instant,
}

/// Why a call is not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotYet {
    /// It was not previewed by this principal with these arguments, or too long ago.
    NotPreviewed,
    /// The token is not the one of this preview.
    WrongToken,
    /// What would be changed is no longer what was shown.
    Changed,
}

/// All previews that wait for a confirmation.
pub struct Confirmations {
    pending: Mutex<HashMap<Intent, Pending>>,
    valid_for: Duration,
    asked: Asked,
}

/// 144 random bits as text.
fn random_name() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 18]>())
}

impl Default for Confirmations {
    fn default() -> Self {
        Self::lasting(VALID_FOR)
    }
}

impl Confirmations {
    /// Previews that can be confirmed for so long.
    #[must_use]
    pub fn lasting(valid_for: Duration) -> Self {
        Self {
            pending: Mutex::default(),
            valid_for,
            asked: Asked::default(),
        }
    }

    /// How long a preview can be confirmed.
    #[must_use]
    pub fn valid_for(&self) -> Duration {
        self.valid_for
    }

    /// Remembers a preview; the answer is its token. A new preview makes the old token useless.
    pub fn remember(&self, intent: Intent, state: State, now: Instant) -> String {
        let token = random_name();
        let mut pending = self.lock();
        if pending.len() >= MOST_PENDING {
            make_room(&mut pending, |p| self.is_good(p, now));
        }
        pending.insert(
            intent,
            Pending {
                token: token.clone(),
                state,
                since: now,
            },
        );
        token
    }

    /// Lets a confirmed call through, once.
    ///
    /// # Errors
    /// Why it has to be previewed again.
    pub fn redeem(
        &self,
        (principal, grant): (&Principal, &Grant),
        attempt: &Attempt<'_>,
    ) -> Result<Confirmed, NotYet> {
        let way = self.use_up(attempt, Instant::now())?;
        Ok(Confirmed::new(principal, grant, way))
    }

    /// Remembers a preview that a person is asked about; the answer is the question's name.
    pub fn ask(&self, intent: Intent, state: State) -> String {
        self.asked.remember(intent, state, Instant::now())
    }

    /// Lets the call through that a person agreed to, once.
    ///
    /// # Errors
    /// Why they have to be asked again.
    pub fn agreed(
        &self,
        (principal, grant): (&Principal, &Grant),
        intent: Intent,
        question: &str,
        state: State,
    ) -> Result<Confirmed, NotYet> {
        self.asked.answer(question, intent, state, Instant::now())?;
        Ok(Confirmed::new(principal, grant, Way::Human))
    }

    /// Ends a question that nobody agreed to.
    pub fn forget(&self, question: &str) {
        self.asked.forget(question);
    }

    fn use_up(&self, attempt: &Attempt<'_>, now: Instant) -> Result<Way, NotYet> {
        let mut pending = self.lock();
        let known = pending
            .get(&attempt.intent)
            .filter(|p| self.is_good(p, now))
            .ok_or(NotYet::NotPreviewed)?;
        // Whoever says yes without a token must have been able to see the preview. Of several such calls
        // at a time one runs; that another of them was previewed meanwhile makes no third one good.
        if *attempt.said == Said::Yes && known.since >= attempt.began {
            return Err(NotYet::NotPreviewed);
        }
        let way = agrees(attempt.said, &known.token).ok_or(NotYet::WrongToken)?;
        if known.state != attempt.state {
            return Err(NotYet::Changed);
        }
        pending.remove(&attempt.intent);
        Ok(way)
    }

    fn is_good(&self, pending: &Pending, now: Instant) -> bool {
        now.saturating_duration_since(pending.since) < self.valid_for
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Intent, Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn agrees(said: &Said, token: &str) -> Option<Way> {
    use subtle::ConstantTimeEq;
    match said {
        Said::Nothing => None,
        Said::Yes => Some(Way::Repeated),
        Said::Token(given) => {
            bool::from(given.as_bytes().ct_eq(token.as_bytes())).then_some(Way::Token)
        }
    }
}

fn make_room(pending: &mut HashMap<Intent, Pending>, is_good: impl Fn(&Pending) -> bool) {
    pending.retain(|_, p| is_good(p));
    if pending.len() >= MOST_PENDING
        && let Some(oldest) = pending
            .iter()
            .min_by_key(|(_, p)| p.since)
            .map(|(intent, _)| *intent)
    {
        pending.remove(&oldest);
    }
}

/// The same value with the keys of its objects in order.
fn canonical(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(canonical).collect(),
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            sorted
                .into_iter()
                .map(|(key, value)| (key.clone(), canonical(value)))
                .collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn intent(principal: &str, id: &str) -> Intent {
        Intent::new(
            principal,
            (7, "delete"),
            &json!({"entityType": "Account", "id": id}),
        )
    }

    /// A call that comes in at a moment, and is judged at once.
    fn tried(
        all: &Confirmations,
        intent: Intent,
        said: &Said,
        state: State,
        at: Instant,
    ) -> Result<Way, NotYet> {
        let attempt = Attempt {
            intent,
            said,
            state,
            began: at,
        };
        all.use_up(&attempt, at)
    }

    const LATER: Duration = Duration::from_millis(1);

    #[test]
    fn what_the_caller_said() {
        for (arguments, expected) in [
            (json!({"id": 1}), Ok(Said::Nothing)),
            (json!({"confirm": false}), Ok(Said::Nothing)),
            (json!({"confirm": true}), Ok(Said::Yes)),
            (
                json!({"confirmation_token": "t"}),
                Ok(Said::Token("t".into())),
            ),
            (
                json!({"confirm": true, "confirmation_token": "t"}),
                Ok(Said::Token("t".into())),
            ),
            (
                json!({"confirm": false, "confirmation_token": "t"}),
                Ok(Said::Nothing),
            ),
            (
                json!({"confirm": null, "confirmation_token": "t"}),
                Ok(Said::Token("t".into())),
            ),
            (json!({"confirm": "yes"}), Err("/confirm")),
            (json!({"confirmation_token": 1}), Err("/confirmation_token")),
        ] {
            let Value::Object(mut object) = arguments else {
                unreachable!()
            };
            assert_eq!(Said::take(&mut object).map_err(|(at, _)| at), expected);
            assert!(!object.contains_key("confirm") && !object.contains_key("confirmation_token"));
        }
    }

    #[test]
    fn a_token_is_good_once_and_for_its_own_call_only() {
        let (all, now) = (Confirmations::default(), Instant::now());
        let state = State::of(&json!({"name": "A"}));
        let token = Said::Token(all.remember(intent("a", "1"), state, now));
        for (other, why) in [
            (intent("b", "1"), NotYet::NotPreviewed),
            (intent("a", "2"), NotYet::NotPreviewed),
        ] {
            assert_eq!(tried(&all, other, &token, state, now).err(), Some(why));
        }
        assert!(tried(&all, intent("a", "1"), &token, state, now + LATER).is_ok());
        assert_eq!(
            tried(&all, intent("a", "1"), &token, state, now + LATER).err(),
            Some(NotYet::NotPreviewed)
        );
    }

    #[test]
    fn yes_alone_never_suffices() {
        let (all, now) = (Confirmations::default(), Instant::now());
        let state = State::of(&json!({}));
        assert_eq!(
            tried(&all, intent("a", "1"), &Said::Yes, state, now + LATER).err(),
            Some(NotYet::NotPreviewed)
        );
        all.remember(intent("a", "1"), state, now);
        assert_eq!(
            tried(&all, intent("a", "1"), &Said::Nothing, state, now + LATER).err(),
            Some(NotYet::WrongToken)
        );
        assert!(tried(&all, intent("a", "1"), &Said::Yes, state, now + LATER).is_ok());
    }

    #[test]
    fn a_changed_record_and_an_old_preview_are_previewed_again() {
        let (all, now) = (Confirmations::default(), Instant::now());
        all.remember(intent("a", "1"), State::of(&json!({"name": "A"})), now);
        let other = State::of(&json!({"name": "B"}));
        assert_eq!(
            tried(&all, intent("a", "1"), &Said::Yes, other, now + LATER).err(),
            Some(NotYet::Changed)
        );
        let late = now + VALID_FOR;
        let same = State::of(&json!({"name": "A"}));
        assert_eq!(
            tried(&all, intent("a", "1"), &Said::Yes, same, late).err(),
            Some(NotYet::NotPreviewed)
        );
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let one = Intent::new(
            "a",
            (1, "t"),
            &json!({"x": {"b": 1, "a": [2, {"d": 3, "c": 4}]}}),
        );
        let two = Intent::new(
            "a",
            (1, "t"),
            &json!({"x": {"a": [2, {"c": 4, "d": 3}], "b": 1}}),
        );
        assert_eq!(one, two);
    }

    #[test]
    fn everything_else_does() {
        let arguments = json!({"id": "1", "amount": 1});
        let one = Intent::new("a", (1, "delete"), &arguments);
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        for (what, other) in [
            ("principal", Intent::new("b", (1, "delete"), &arguments)),
            ("connection", Intent::new("a", (2, "delete"), &arguments)),
            ("tool", Intent::new("a", (1, "merge"), &arguments)),
            ("border", Intent::new("ad", (1, "elete"), &arguments)),
            (
                "value",
                Intent::new("a", (1, "delete"), &json!({"id": "2", "amount": 1})),
            ),
            (
                "type",
                Intent::new("a", (1, "delete"), &json!({"id": 1, "amount": 1})),
            ),
            (
                "absence",
                Intent::new("a", (1, "delete"), &json!({"id": "1"})),
            ),
            (
                "null",
                Intent::new(
                    "a",
                    (1, "delete"),
                    &json!({"id": "1", "amount": 1, "x": null}),
                ),
            ),
            (
                "spelling",
                Intent::new("a", (1, "delete"), &number(r#"{"id": "1", "amount": 1.0}"#)),
            ),
            (
                "size",
                Intent::new("a", (1, "delete"), &number(r#"{"id": "1", "amount": 1e0}"#)),
            ),
        ] {
            assert!(one != other, "{what}");
        }
        let big = |text| Intent::new("a", (1, "t"), &number(text));
        assert!(big("[9007199254740993]") != big("[9007199254740992]"));
        assert!(big("[0.1]") != big("[0.10000000000000001]"));
    }

    #[test]
    fn of_several_at_once_that_say_yes_one_runs() {
        let (all, now) = (Confirmations::default(), Instant::now());
        let state = State::of(&json!({}));
        all.remember(intent("a", "1"), state, now);
        // Three calls came in together; the second was refused, and so previewed, before the third.
        let sent = now + LATER;
        assert!(tried(&all, intent("a", "1"), &Said::Yes, state, sent).is_ok());
        assert_eq!(
            tried(&all, intent("a", "1"), &Said::Yes, state, sent).err(),
            Some(NotYet::NotPreviewed)
        );
        all.remember(intent("a", "1"), state, sent + LATER);
        assert_eq!(
            tried(&all, intent("a", "1"), &Said::Yes, state, sent).err(),
            Some(NotYet::NotPreviewed)
        );
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let (all, now) = (Confirmations::default(), Instant::now());
        for n in 0..MOST_PENDING + 5 {
            all.remember(intent("a", &n.to_string()), State::of(&json!({})), now);
        }
        assert!(all.lock().len() <= MOST_PENDING);
    }
}
