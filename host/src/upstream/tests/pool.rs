//! Several sessions: who waits for whom, and what becomes of them in the end.

use tokio::task::JoinSet;

use super::crm::token;
use super::*;

#[tokio::test]
async fn a_slow_call_delays_no_other_while_there_is_room() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["sessions"] = json!(2));
    let signal = Arc::<tokio::sync::Notify>::default();
    crm.with(|state| state.hold.insert("slow".to_owned(), Arc::clone(&signal)));
    let mut tasks = JoinSet::new();
    let slow = Arc::clone(&upstream);
    tasks.spawn(async move { send(&slow, v4("slow")).await });
    crm.until(|state| state.calls.contains_key("slow")).await;
    for _ in 0..3 {
        send(&upstream, v4("fast")).await.unwrap();
    }
    crm.with(|state| {
        assert_eq!(state.logins, 2);
        assert_eq!(state.used, [1, 2, 2, 2].map(token));
    });
    signal.notify_one();
    tasks.join_next().await.unwrap().unwrap().unwrap();
    send(&upstream, v4("fast")).await.unwrap();
    assert_eq!(crm.with(|state| state.logins), 2);
}

#[tokio::test]
async fn when_all_are_busy_the_least_busy_session_is_shared() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["sessions"] = json!(2));
    let signal = Arc::<tokio::sync::Notify>::default();
    crm.with(|state| state.hold.insert("slow".to_owned(), Arc::clone(&signal)));
    let mut tasks = JoinSet::new();
    for number in 1..=4 {
        let slow = Arc::clone(&upstream);
        tasks.spawn(async move { send(&slow, v4("slow")).await });
        crm.until(|state| state.calls.get("slow") == Some(&number))
            .await;
    }
    crm.with(|state| {
        assert_eq!(state.logins, 2);
        let mut used = state.used.clone();
        used.sort();
        assert_eq!(used, [1, 1, 2, 2].map(token));
    });
    for _ in 0..4 {
        signal.notify_one();
        tasks.join_next().await.unwrap().unwrap().unwrap();
    }
}

#[tokio::test]
async fn many_first_requests_log_in_once_per_place() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["sessions"] = json!(3));
    let all = (0..20).map(|_| send(&upstream, v4("get_entry")));
    for answer in futures::future::join_all(all).await {
        answer.unwrap();
    }
    assert!(crm.with(|state| state.logins) <= 3);
}

#[tokio::test]
async fn an_old_session_is_replaced_and_ended() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["lifetime_s"] = json!(0));
    send(&upstream, v4("get_entry")).await.unwrap();
    send(&upstream, v4("get_entry")).await.unwrap();
    crm.until(|state| !state.ended.is_empty()).await;
    crm.with(|state| {
        assert_eq!(state.logins, 2);
        assert_eq!(state.ended[0], token(1));
    });
}

#[tokio::test]
async fn closing_ends_every_session_that_is_not_in_use_and_the_others_after_their_request() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["sessions"] = json!(2));
    let signal = Arc::<tokio::sync::Notify>::default();
    crm.with(|state| state.hold.insert("slow".to_owned(), Arc::clone(&signal)));
    let mut tasks = JoinSet::new();
    let slow = Arc::clone(&upstream);
    tasks.spawn(async move { send(&slow, v4("slow")).await });
    crm.until(|state| state.calls.contains_key("slow")).await;
    send(&upstream, v4("fast")).await.unwrap();
    upstream.close().await;
    assert_eq!(crm.with(|state| state.ended.clone()), [token(2)]);
    signal.notify_one();
    tasks.join_next().await.unwrap().unwrap().unwrap();
    crm.until(|state| state.ended.len() == 2).await;
    send(&upstream, v4("late")).await.unwrap();
    upstream.close().await;
    crm.with(|state| assert_eq!((state.ended.len(), state.live.len()), (3, 0)));
}

#[tokio::test]
async fn closing_waits_no_longer_than_it_should() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| {
        recipe["logout"]["form"]["method"] = json!("slow");
    });
    crm.with(|state| state.hold.insert("slow".to_owned(), Arc::default()));
    send(&upstream, v4("fast")).await.unwrap();
    let began = Instant::now();
    upstream.close().await;
    let took = began.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert_eq!(crm.with(|state| state.calls["slow"]), 1);
}

#[tokio::test]
async fn a_call_that_is_given_up_gives_its_session_back() {
    let crm = Crm::new().await;
    let upstream = crm.upstream(|recipe| recipe["sessions"] = json!(2));
    crm.with(|state| state.hold.insert("slow".to_owned(), Arc::default()));
    let soon = Instant::now() + RESERVE + Duration::from_millis(300);
    let failed = upstream.send(v4("slow"), soon).await.unwrap_err();
    assert_eq!(
        (failed.reason, failed.stage),
        (Reason::Timeout, Stage::MaybeSent)
    );
    send(&upstream, v4("fast")).await.unwrap();
    assert_eq!(crm.with(|state| state.logins), 1);
}
