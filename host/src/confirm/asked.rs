//! Previews that a person was asked about, each under a name of its own.
//!
//! A question is answered once, and only for the caller, the tool, the arguments and the preview that it
//! was asked for. It is apart from the previews with a token: neither opens the other.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{Intent, MOST_PENDING, NotYet, State, VALID_FOR, random_name};

#[derive(Debug, Clone, Copy)]
struct Question {
    intent: Intent,
    state: State,
    until: Instant,
}

/// All questions that nobody answered yet.
#[derive(Default)]
pub(super) struct Asked(Mutex<HashMap<String, Question>>);

impl Asked {
    /// Remembers a question; the answer is its name.
    pub(super) fn remember(&self, intent: Intent, state: State, now: Instant) -> String {
        let name = random_name();
        let mut asked = self.lock();
        if asked.len() >= MOST_PENDING {
            make_room(&mut asked, now);
        }
        let question = Question {
            intent,
            state,
            until: now + VALID_FOR,
        };
        asked.insert(name.clone(), question);
        name
    }

    /// Takes the answer to a question, whatever it was; whether it lets the call through is the same
    /// question's business: it has to be of this very call, and of what the preview still shows.
    pub(super) fn answer(
        &self,
        name: &str,
        intent: Intent,
        state: State,
        now: Instant,
    ) -> Result<(), NotYet> {
        let asked = self.lock().remove(name);
        let asked = asked.filter(|asked| asked.until > now && asked.intent == intent);
        match asked.ok_or(NotYet::NotPreviewed)? {
            same if same.state == state => Ok(()),
            _ => Err(NotYet::Changed),
        }
    }

    /// Ends a question that was not agreed to.
    pub(super) fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Question>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn make_room(asked: &mut HashMap<String, Question>, now: Instant) {
    asked.retain(|_, question| question.until > now);
    let oldest = asked.iter().min_by_key(|(_, question)| question.until);
    if let Some(name) = oldest.map(|(name, _)| name.clone())
        && asked.len() >= MOST_PENDING
    {
        asked.remove(&name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(id: &str) -> Intent {
        Intent::new("a", (7, "delete"), &json!({"id": id}))
    }

    fn shown(name: &str) -> State {
        State::of(&json!({"name": name}))
    }

    #[test]
    fn an_answer_is_good_once_and_for_its_own_call_alone() {
        let (asked, now) = (Asked::default(), Instant::now());
        let name = asked.remember(call("1"), shown("A"), now);
        assert_eq!(asked.answer(&name, call("1"), shown("A"), now), Ok(()));
        let again = asked.answer(&name, call("1"), shown("A"), now);
        assert_eq!(again, Err(NotYet::NotPreviewed));
        for (intent, state, later, why) in [
            (call("2"), shown("A"), now, NotYet::NotPreviewed),
            (call("1"), shown("B"), now, NotYet::Changed),
            (call("1"), shown("A"), now + VALID_FOR, NotYet::NotPreviewed),
        ] {
            let name = asked.remember(call("1"), shown("A"), now);
            assert_eq!(asked.answer(&name, intent, state, later), Err(why));
            // It was used up all the same.
            let again = asked.answer(&name, call("1"), shown("A"), now);
            assert_eq!(again, Err(NotYet::NotPreviewed));
        }
    }

    #[test]
    fn questions_do_not_disturb_each_other() {
        let (asked, now) = (Asked::default(), Instant::now());
        let [one, two] = [(); 2].map(|()| asked.remember(call("1"), shown("A"), now));
        asked.forget(&one);
        let lost = asked.answer(&one, call("1"), shown("A"), now);
        assert_eq!(lost, Err(NotYet::NotPreviewed));
        assert_eq!(asked.answer(&two, call("1"), shown("A"), now), Ok(()));
    }

    #[test]
    fn there_is_an_end_to_what_is_kept() {
        let (asked, now) = (Asked::default(), Instant::now());
        for _ in 0..MOST_PENDING + 5 {
            asked.remember(call("1"), shown("A"), now);
        }
        assert!(asked.lock().len() <= MOST_PENDING);
    }
}
