//! The sessions of one credential slot: who uses which, and when there is a new one.
//!
//! A CRM works off the calls of a session one after another, so each request takes a session that no
//! other uses, as long as there is one or room for one; when all are busy it shares the least busy
//! one, where it waits no longer than it would have waited here. Logins of a pool go one at a time, so
//! that a wrong password is tried once and not once per request. It must not know how a token is got
//! or placed, nor what a request is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use super::breaker::{Admitted, Breaker, TRIAL_EVERY, Verdict};
use super::client::Window;
use super::credential::{NotIssued, TokenRecipe, Wire};
use super::failed::{Failed, Reason, Stage};
use super::line::{Line, Within, window};
use super::redact::Hidden;
use super::slot;

/// How long the end of all sessions of a connection may take.
pub const FAREWELL: Duration = Duration::from_secs(2);

/// The sessions of one slot.
pub(super) struct Pool {
    slot: String,
    pub(super) recipe: TokenRecipe,
    line: Arc<Line>,
    breaker: Breaker,
    state: Mutex<State>,
    /// Held during a login; remembers how the last one failed.
    gate: Arc<Gate>,
    farewells: Mutex<JoinSet<()>>,
}

/// When the last login failed, and how; nothing after one that worked.
type Gate = tokio::sync::Mutex<Option<(Instant, Failed)>>;

struct State {
    seats: Vec<Seat>,
    /// Sessions that come after the end are used once.
    closed: bool,
}

/// Room for one session.
#[derive(Default)]
struct Seat {
    users: usize,
    session: Option<Arc<Session>>,
}

/// One login at the CRM.
struct Session {
    token: Hidden,
    born: Instant,
    until: Option<Instant>,
    /// The CRM refused it; there is nothing to end.
    refused: AtomicBool,
    /// It was refused when it was new, so its refusal is not about its age.
    doubted: AtomicBool,
}

/// The use of a session for one request.
pub(super) struct Lease {
    pool: Arc<Pool>,
    seat: usize,
    session: Option<Arc<Session>>,
}

impl Pool {
    pub(super) fn new(slot: &str, recipe: TokenRecipe, line: Arc<Line>) -> Arc<Self> {
        let mut seats = Vec::new();
        seats.resize_with(recipe.sessions, Seat::default);
        Arc::new(Self {
            slot: slot.to_owned(),
            recipe,
            line,
            breaker: Breaker::default(),
            state: Mutex::new(State {
                seats,
                closed: false,
            }),
            gate: Arc::default(),
            farewells: Mutex::default(),
        })
    }

    /// A session for one request; logs in where there is none.
    pub(super) async fn lease(self: &Arc<Self>, window: Window) -> Result<Lease, Failed> {
        let asked = Instant::now();
        let mut lease = Lease {
            seat: self.sit_down(asked),
            pool: Arc::clone(self),
            session: None,
        };
        lease.session = match self.seated(lease.seat) {
            Some(session) => Some(session),
            None => Some(self.log_in(lease.seat, asked, window).await?),
        };
        Ok(lease)
    }

    /// Ends all sessions: those in use when their last request is done. Waits for the CRM, a little.
    pub(super) async fn close(&self) {
        let sessions: Vec<_> = {
            let mut state = self.state();
            state.closed = true;
            let seats = state.seats.iter_mut();
            seats.filter_map(|seat| seat.session.take()).collect()
        };
        sessions.into_iter().for_each(|session| self.part(session));
        let mut farewells = std::mem::take(&mut *self.farewells());
        let all = async { while farewells.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, all).await.is_err() {
            tracing::debug!(slot = %self.slot, "sessions were left to expire");
        }
    }

    /// The best seat: a session that no one uses, then room for one, then the least busy session.
    fn sit_down(&self, now: Instant) -> usize {
        let mut ended = Vec::new();
        let mut state = self.state();
        for seat in &mut state.seats {
            let over = |session: &mut Arc<Session>| session.until.is_some_and(|end| end <= now);
            ended.extend(seat.session.take_if(over));
        }
        let seats = state.seats.iter().enumerate();
        let best = seats.min_by_key(|(_, seat)| (seat.users, seat.session.is_none()));
        let best = best.map_or(0, |(at, _)| at);
        state.seats[best].users += 1;
        drop(state);
        ended.into_iter().for_each(|session| self.part(session));
        best
    }

    fn seated(&self, seat: usize) -> Option<Arc<Session>> {
        self.state().seats[seat].session.clone()
    }

    /// Logs in, unless another request has done so for this seat, or has just failed to.
    async fn log_in(
        self: &Arc<Self>,
        seat: usize,
        asked: Instant,
        window: Window,
    ) -> Result<Arc<Session>, Failed> {
        let turn = Arc::clone(&self.gate).lock_owned();
        let Ok(last) = timeout_at(window.until.into(), turn).await else {
            let detail = format!(
                "another login of credential `{}` took too long ({})",
                self.slot, window.limit
            );
            return Err(Failed::not_sent(Reason::Timeout, detail));
        };
        if let Some(session) = self.seated(seat) {
            return Ok(session);
        }
        if let Some((_, failed)) = last.as_ref().filter(|(when, _)| *when >= asked) {
            return Err(failed.clone());
        }
        let admitted = self.breaker.admit(Instant::now());
        let admitted = admitted
            .map_err(|held| slot::held_back(&format!("credential `{}`", self.slot), held))?;
        // In a task of its own: whoever gives up in the middle must not take with them the session
        // that the CRM has opened, its refusal, or the refresh token that it has replaced.
        let login = Arc::clone(self).ask_for_one(seat, admitted, last, window);
        let broke_off = |_| Err(Failed::not_sent(Reason::Protocol, "the login broke off"));
        #[expect(
            clippy::disallowed_methods,
            reason = "it has to outlive its owner, and ends with its window"
        )]
        let login = tokio::spawn(login);
        login.await.unwrap_or_else(broke_off)
    }

    /// The login itself, while no other one runs.
    async fn ask_for_one(
        self: Arc<Self>,
        seat: usize,
        admitted: Admitted,
        mut last: OwnedMutexGuard<Option<(Instant, Failed)>>,
        window: Window,
    ) -> Result<Arc<Session>, Failed> {
        let line = Within {
            line: &self.line,
            window,
        };
        let issued = self.recipe.issue(&line).await;
        let verdict = match &issued {
            Ok(_) => Verdict::Accepted,
            Err(NotIssued::Refused(_)) => Verdict::Refused,
            Err(NotIssued::Failed(_)) => Verdict::Unknown,
        };
        let now = Instant::now();
        self.breaker.answered(admitted, verdict, now);
        match issued {
            Ok((token, lifetime)) => {
                *last = None;
                Ok(self.seat(seat, token, lifetime, now))
            }
            Err(error) => {
                let failed = self.failed(error);
                // A time that was too short for one request says nothing about another's.
                *last = (failed.reason != Reason::Timeout).then(|| (now, failed.clone()));
                Err(failed)
            }
        }
    }

    fn seat(
        &self,
        seat: usize,
        token: Hidden,
        lifetime: Option<Duration>,
        now: Instant,
    ) -> Arc<Session> {
        let session = Arc::new(Session {
            token,
            born: now,
            until: lifetime.and_then(|lifetime| now.checked_add(lifetime)),
            refused: AtomicBool::new(false),
            doubted: AtomicBool::new(false),
        });
        let mut state = self.state();
        if !state.closed {
            state.seats[seat].session = Some(Arc::clone(&session));
        }
        session
    }

    /// The guest's request was not sent, whatever became of the login.
    fn failed(&self, error: NotIssued) -> Failed {
        let slot = &self.slot;
        let call = self.recipe.call;
        match error {
            NotIssued::Refused(words) => Failed {
                reason: Reason::CredentialRejected,
                stage: Stage::NotSent,
                detail: self.line.scrubber.text(format!(
                    "the CRM refused the {call} of credential `{slot}`: {words}"
                )),
                retry_after: Some(TRIAL_EVERY),
            },
            NotIssued::Failed(failed) => {
                let detail = format!(
                    "the {call} of credential `{slot}` failed: {}",
                    failed.detail
                );
                Failed {
                    reason: match failed.reason {
                        Reason::InvalidRequest | Reason::TooLarge => Reason::Protocol,
                        other => other,
                    },
                    stage: Stage::NotSent,
                    detail: self.line.scrubber.text(detail),
                    retry_after: failed.retry_after,
                }
            }
        }
    }

    /// Takes a session out of its seat, if it is still there.
    fn dismiss(&self, seat: usize, session: &Arc<Session>) {
        let mut state = self.state();
        let taken = state.seats[seat]
            .session
            .take_if(|seated| Arc::ptr_eq(seated, session));
        drop(state);
        taken.into_iter().for_each(|session| self.part(session));
    }

    /// Gives a share of a session back; the last one ends it.
    fn part(&self, session: Arc<Session>) {
        let Some(session) = Arc::into_inner(session) else {
            return;
        };
        if session.refused.into_inner() {
            return;
        }
        let Some(end) = self.recipe.issuer.end(&session.token) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let line = Arc::clone(&self.line);
        let farewell = async move {
            let now = Instant::now();
            let line = Within {
                line: &line,
                window: window(&line.limits, now, now + FAREWELL),
            };
            match line.exchange(end).await {
                Ok(reply) => tracing::debug!(status = reply.status, "a session was ended"),
                Err(failed) => tracing::debug!(reason = ?failed.reason, "a session was not ended"),
            }
            // Until here the token stays removed from answers.
            drop(session.token);
        };
        let mut farewells = self.farewells();
        while farewells.try_join_next().is_some() {}
        farewells.spawn_on(farewell, &runtime);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn farewells(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.farewells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    pub(super) fn token(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.token)
    }

    /// The CRM took the token.
    pub(super) fn accepted(&self) {
        if let Some(session) = &self.session {
            session.doubted.store(false, Ordering::Relaxed);
        }
    }

    /// The CRM refused a token that is new: another would fare no better, for a while.
    pub(super) fn doubt(&self) {
        if let Some(session) = &self.session {
            session.doubted.store(true, Ordering::Relaxed);
        }
    }

    /// Whether a refusal can be a matter of age.
    pub(super) fn may_be_old(&self, now: Instant) -> bool {
        self.session.as_ref().is_none_or(|session| {
            !session.doubted.load(Ordering::Relaxed)
                || now.saturating_duration_since(session.born) >= TRIAL_EVERY
        })
    }

    /// No request uses the refused token any more.
    pub(super) fn refuse(&mut self) {
        if let Some(session) = self.session.take() {
            session.refused.store(true, Ordering::Relaxed);
            self.pool.dismiss(self.seat, &session);
            self.pool.part(session);
        }
    }

    /// A new session in the place of a refused one; one login, however many requests ask.
    pub(super) async fn renew(&mut self, window: Window) -> Result<(), Failed> {
        let asked = Instant::now();
        let session = self.pool.log_in(self.seat, asked, window).await?;
        self.session = Some(session);
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.state().seats[self.seat].users -= 1;
        if let Some(session) = self.session.take() {
            self.pool.part(session);
        }
    }
}
