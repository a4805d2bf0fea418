//! Keys as a host uses them, with another process at the same state.

use std::collections::BTreeSet;

use portcullis_manifest::Effect;

use super::*;
use crate::state::Kind;

struct World {
    folder: tempfile::TempDir,
    keys: Keys,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::of(state(&folder));
        Self { folder, keys }
    }

    /// The command line of another process.
    fn other(&self) -> Book {
        Book::of(state(&self.folder))
    }

    async fn refused(&self, text: &str) -> NotLetIn {
        self.keys.caller(text).await.expect_err("nobody is let in")
    }
}

fn state(folder: &tempfile::TempDir) -> State {
    State::at(folder.path().join("state.sqlite3"), None)
}

fn in_an_hour() -> Option<Timestamp> {
    Timestamp::now()
        .checked_add(jiff::SignedDuration::from_hours(1))
        .ok()
}

#[tokio::test]
async fn a_key_is_taken_up_and_a_revoked_one_refused_at_once() {
    let world = World::new();
    assert_eq!(world.keys.count().await.unwrap(), 0);
    assert!(
        !world.folder.path().join("state.sqlite3").exists(),
        "nothing is made"
    );
    let terms = Terms {
        allow: Some(BTreeSet::from([Effect::Read])),
        ..Terms::default()
    };
    let (key, record) = world
        .other()
        .issue("ada", in_an_hour(), terms)
        .await
        .unwrap();
    let caller = world.keys.caller(key.expose()).await.unwrap();
    let label = format!("key:ada#{}", record.id);
    assert_eq!(caller.principal().as_str(), label);
    assert!(caller.token().is_none());
    let mandate = caller.principal().mandate().unwrap();
    assert!(mandate.allows(Effect::Read) && !mandate.allows(Effect::Write));
    let (bobs, _) = world
        .other()
        .issue("bob", None, Terms::default())
        .await
        .unwrap();
    let bob = world.keys.caller(bobs.expose()).await.unwrap();
    world.other().revoke("ada").await.unwrap();
    let refused = world.refused(key.expose()).await;
    assert_eq!(refused, NotLetIn::Revoked(key.id().clone()));
    assert!(!format!("{refused} {refused:?}").contains(&key.expose()[15..]));
    assert!(caller.ends().unwrap().is_cancelled());
    assert!(!bob.ends().unwrap().is_cancelled());
    assert_eq!(world.keys.count().await.unwrap(), 1);
    let again = world
        .other()
        .issue("ada", None, Terms::default())
        .await
        .unwrap();
    assert_ne!(again.1.id, record.id);
    assert!(matches!(
        world.refused(key.expose()).await,
        NotLetIn::Revoked(_)
    ));
}

#[tokio::test]
async fn what_lets_nobody_in() {
    let world = World::new();
    let (key, _) = world
        .other()
        .issue("ada", None, Terms::default())
        .await
        .unwrap();
    let stranger = ApiKey::random();
    let refused = world.refused(stranger.expose()).await;
    assert_eq!(refused, NotLetIn::Unknown(stranger.id().clone()));
    assert_eq!(world.refused("pcl_no").await, NotLetIn::Form);
    // The same id with the secret of another, checksum and all.
    let body = format!("{PREFIX}{}_{}", key.id(), &stranger.expose()[15..58]);
    let forged = key::tests_only::with_checksum(&body);
    assert_eq!(
        world.refused(&forged).await,
        NotLetIn::Wrong(key.id().clone())
    );
    let soon = Timestamp::now()
        .checked_add(jiff::SignedDuration::from_millis(20))
        .ok();
    let (short, _) = world
        .other()
        .issue("short", soon, Terms::default())
        .await
        .unwrap();
    while Timestamp::now() < soon.unwrap() {
        tokio::task::yield_now().await;
    }
    let refused = world.refused(short.expose()).await;
    assert_eq!(refused, NotLetIn::Expired(short.id().clone()));
}

#[tokio::test]
async fn what_is_open_ends_and_uses_are_noted_without_a_request() {
    let world = World::new();
    world.keys.load().await.unwrap();
    let (key, record) = world
        .other()
        .issue("ada", None, Terms::default())
        .await
        .unwrap();
    let caller = world.keys.caller(key.expose()).await.unwrap();
    let ends = caller.ends().unwrap();
    let noted = async {
        while world.other().entries().await.unwrap()[0]
            .last_used
            .is_none()
        {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        world.other().revoke(&record.id).await.unwrap();
        ends.cancelled().await;
    };
    tokio::select! {
        () = world.keys.watch() => unreachable!("it runs on"),
        () = noted => {}
    }
    let entry = &world.other().entries().await.unwrap()[0];
    assert!(entry.record.revoked.is_some(), "a use brings nothing back");
}

#[tokio::test]
async fn names_and_ends_are_checked() {
    let book = World::new().other();
    for name in ["", "-a", "a b", "ada@example.com", "a\n", &"x".repeat(65)] {
        let error = book.issue(name, None, Terms::default()).await.unwrap_err();
        assert!(matches!(error, BookError::Name(_)), "{name}: {error}");
    }
    let over = Timestamp::from_second(1).ok();
    let error = book.issue("ada", over, Terms::default()).await.unwrap_err();
    assert!(matches!(error, BookError::Over(_)), "{error}");
}

#[tokio::test]
async fn a_name_belongs_to_one_good_key() {
    let world = World::new();
    let book = world.other();
    book.issue("ada", None, Terms::default()).await.unwrap();
    let error = book.issue("ada", None, Terms::default()).await.unwrap_err();
    assert!(matches!(error, BookError::Taken { .. }), "{error}");
    assert!(matches!(
        book.revoke("bob").await,
        Err(BookError::Absent(_))
    ));
    book.revoke("ada").await.unwrap();
    assert!(matches!(
        book.revoke("ada").await,
        Err(BookError::Absent(_))
    ));
}

#[tokio::test]
async fn a_record_of_a_later_release_lets_nobody_in() {
    let world = World::new();
    let (key, record) = world
        .other()
        .issue("ada", None, Terms::default())
        .await
        .unwrap();
    let mut later = serde_json::to_value(&record).unwrap();
    later["terms"]["fields"] = serde_json::json!(["name"]);
    let bytes = zeroize::Zeroizing::new(later.to_string().into_bytes());
    let state = state(&world.folder);
    state.put(Kind::ApiKey, &record.id, bytes).await.unwrap();
    assert!(matches!(
        world.refused(key.expose()).await,
        NotLetIn::Unknown(_)
    ));
}

#[tokio::test]
async fn nobody_is_let_in_where_the_state_cannot_be_read() {
    let keys = Keys::of(State::at("/proc/version".into(), None));
    let key = ApiKey::random();
    assert_eq!(
        keys.caller(key.expose()).await.unwrap_err(),
        NotLetIn::Unreadable
    );
    assert!(keys.load().await.is_err());
}
