//! The state as it is used, and everything that can be wrong with its files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use super::*;

const NAME: &str = "crm/https://crm.example.com/default/4711";

struct World {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep").join("state.sqlite3");
        Self {
            _folder: folder,
            path,
        }
    }

    fn state(&self) -> State {
        State::at(self.path.clone(), None)
    }

    fn key(&self) -> PathBuf {
        folder::beside(&self.path, "key")
    }

    /// One that holds a value already.
    async fn used() -> Self {
        let world = Self::new();
        put(&world.state(), "r-1-secret").await.expect("it is kept");
        world
    }
}

async fn put(state: &State, value: &str) -> Result<(), StateError> {
    let value = Zeroizing::new(value.as_bytes().to_vec());
    state.put(Kind::RefreshToken, NAME, value).await
}

async fn get(state: &State) -> Result<Option<String>, String> {
    let value = state.get(Kind::RefreshToken, NAME).await;
    let text = |value: Zeroizing<Vec<u8>>| String::from_utf8(value.to_vec()).expect("text");
    value
        .map(|value| value.map(text))
        .map_err(|error| error.to_string())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, PermissionsExt::from_mode(mode)).expect("it is ours");
}

#[tokio::test]
async fn the_latest_value_outlasts_the_process_and_nothing_stands_in_clear() {
    let world = World::new();
    let first = world.state();
    assert!(!world.path.exists(), "opened at the first use");
    assert_eq!(get(&first).await, Ok(None));
    put(&first, "r-1-secret").await.unwrap();
    put(&first, "r-2-secret").await.unwrap();
    drop(first);
    let next = world.state();
    assert_eq!(get(&next).await, Ok(Some("r-2-secret".into())));
    assert!(!format!("{next:?}").contains("secret"));
    let folder = world.path.parent().unwrap();
    assert_eq!(mode(folder), 0o700);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let bytes = fs::read(&path).unwrap();
        for clear in ["secret", "crm.example", "4711"] {
            let found = bytes
                .windows(clear.len())
                .any(|part| part == clear.as_bytes());
            assert!(!found, "{clear} in {}", path.display());
        }
    }
    next.remove(Kind::RefreshToken, NAME).await.unwrap();
    assert_eq!(get(&next).await, Ok(None));
}

#[tokio::test]
async fn a_key_of_the_operator_needs_no_file() {
    let world = World::new();
    let with = |key: &str| State::at(world.path.clone(), Some(Zeroizing::new(key.into())));
    put(&with(&"5a".repeat(32)), "r-1-secret").await.unwrap();
    assert!(!world.key().exists());
    let same = with(&"5A".repeat(32));
    assert_eq!(get(&same).await, Ok(Some("r-1-secret".into())));
    let wrong = get(&with(&"5b".repeat(32))).await.unwrap_err();
    let expected = "was sealed with another key than that of the variable `PORTCULLIS_STATE_KEY`; put the right key there, or delete the state and log in again";
    assert!(wrong.contains(expected), "{wrong}");
    let none = get(&with("short")).await.unwrap_err();
    assert!(
        none.contains("holds no key of 64 hexadecimal digits"),
        "{none}"
    );
}

#[tokio::test]
async fn a_key_that_is_gone_changed_or_torn_is_said_with_the_way_out() {
    for (content, expected) in [
        (None, "put it back, or delete the state and log in again"),
        (
            Some("ab".repeat(32)),
            "was sealed with another key than that of the file `",
        ),
        (
            Some("ab".repeat(20)),
            "holds no key of 64 hexadecimal digits",
        ),
        (Some(String::new()), "holds no key of 64 hexadecimal digits"),
    ] {
        let world = World::used().await;
        match &content {
            Some(text) => fs::write(world.key(), text).unwrap(),
            None => fs::remove_file(world.key()).unwrap(),
        }
        let told = get(&world.state()).await.unwrap_err();
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("secret") && !told.contains("abab"), "{told}");
        assert!(put(&world.state(), "r-9").await.is_err());
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_file_is_said() {
    let open = World::used().await;
    set_mode(&open.path, 0o644);
    let told = get(&open.state()).await.unwrap_err();
    assert!(
        told.contains("is open to other users (mode 644); run `chmod 600"),
        "{told}"
    );
    set_mode(&open.path, 0o600);
    set_mode(&open.key(), 0o640);
    assert!(
        get(&open.state())
            .await
            .unwrap_err()
            .contains("state.sqlite3.key` is open to other")
    );
    set_mode(&open.key(), 0o600);
    assert!(get(&open.state()).await.is_ok());

    let newer = World::used().await;
    let database = rusqlite::Connection::open(&newer.path).unwrap();
    database.pragma_update(None, "user_version", 2).unwrap();
    drop(database);
    let told = get(&newer.state()).await.unwrap_err();
    assert!(
        told.contains("has the version 2 of a newer portcullis"),
        "{told}"
    );

    let foreign = World::used().await;
    fs::write(
        &foreign.path,
        "a text of somebody else, long enough to be no empty file",
    )
    .unwrap();
    let told = get(&foreign.state()).await.unwrap_err();
    assert!(told.contains("was not made by portcullis"), "{told}");
    let other = World::used().await;
    fs::remove_file(&other.path).unwrap();
    let database = rusqlite::Connection::open(&other.path).unwrap();
    database.execute_batch("create table theirs (a)").unwrap();
    drop(database);
    set_mode(&other.path, 0o600);
    let told = get(&other.state()).await.unwrap_err();
    assert!(told.contains("was not made by portcullis"), "{told}");

    let nowhere = State::at("/proc/no/state.sqlite3".into(), None);
    assert!(
        get(&nowhere)
            .await
            .unwrap_err()
            .contains("`/proc/no` cannot be used")
    );
}

#[tokio::test]
async fn a_value_that_was_moved_or_changed_is_not_taken() {
    let world = World::used().await;
    let state = world.state();
    let other = Zeroizing::new(b"another".to_vec());
    state.put(Kind::RefreshToken, "other", other).await.unwrap();
    let database = rusqlite::Connection::open(&world.path).unwrap();
    // From a copy: an update sees the rows that it has changed already.
    let copied = database.execute("create temp table copy as select * from sealed", []);
    copied.unwrap();
    let swapped = database.execute(
        "update sealed set value = (select c.value from copy c where c.kind = 'refresh-token' and c.name <> sealed.name) where kind = 'refresh-token'",
        [],
    );
    assert_eq!(swapped, Ok(2));
    assert!(
        get(&state)
            .await
            .unwrap_err()
            .contains("changed or damaged")
    );
    assert_eq!(
        database.execute("update sealed set value = x'00'", []),
        Ok(3)
    );
    assert!(
        get(&state)
            .await
            .unwrap_err()
            .contains("changed or damaged")
    );
}

#[tokio::test]
async fn many_at_once_make_one_file_and_one_key() {
    let world = World::new();
    let states: Vec<State> = (0..8).map(|_| world.state()).collect();
    let puts = states.iter().map(|state| put(state, "r-1-secret"));
    for put in futures::future::join_all(puts).await {
        put.unwrap();
    }
    assert_eq!(get(&world.state()).await, Ok(Some("r-1-secret".into())));
}

#[tokio::test]
async fn a_name_has_one_holder_at_a_time() {
    let world = World::new();
    let (one, other) = (world.state(), Arc::new(world.state()));
    let held = one.hold(Kind::RefreshToken, NAME).await.unwrap();
    other.hold(Kind::RefreshToken, "another").await.unwrap();
    let waits = other.hold(Kind::RefreshToken, NAME);
    let mut waits = std::pin::pin!(waits);
    let early = tokio::time::timeout(Duration::from_millis(50), &mut waits);
    assert!(early.await.is_err(), "held by another");
    drop(held);
    waits.await.unwrap();
}
