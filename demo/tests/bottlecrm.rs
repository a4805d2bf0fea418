//! Holds what tests of the host lean on: requests seen, whose they were, records, the base path,
//! faults, and the weight of the answers, which makes choosing the lean ones worth it.

use portcullis_demo::behaviour::{
    Answer, Ask, BottleTable, Dialect, Headers, InProcess, Saved, Target, Verdict, run,
};
use portcullis_demo::bottlecrm::{
    ADMIN_TOKEN, BottleCrm, Clock, FromOpportunity, Options, USER_TOKEN, holder,
};
use portcullis_demo::fault::{Fault, Faults, faulty};
use serde_json::json;

async fn ask(target: &InProcess, who: &str, line: &str, body: &str) -> Answer {
    let (method, address) = line.split_once(' ').expect("verb and path");
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut ask = Ask {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        body: body.into(),
        ..Ask::default()
    };
    ask.headers = target
        .credentials(who, &ask, &Saved::default())
        .expect("a token of the demo");
    ask.headers
        .push(("content-type".into(), "application/json".into()));
    target.send(ask).await.expect("an answer")
}

async fn send(crm: &BottleCrm, who: &str, line: &str) -> Answer {
    ask(&InProcess::bottlecrm(crm.router()), who, line, "").await
}

fn usual() -> BottleCrm {
    BottleCrm::new(Options::default())
}

#[tokio::test]
async fn requests_are_seen_and_known_by_their_token() {
    let crm = usual();
    send(&crm, "full", "GET api/leads/?limit=1").await;
    send(&crm, "user", "GET api/tags/").await;
    send(&crm, "nobody", "POST api/leads/").await;
    assert_eq!(crm.callers(), [Some("admin"), Some("user"), None]);
    assert_eq!(crm.requested("GET", "/api/"), 2);
    assert_eq!(crm.requested("POST", "/api/leads/"), 1);
    let seen = crm.requests();
    assert_eq!(seen[0].query, "limit=1");
    assert!(seen[0].mentions(ADMIN_TOKEN) && !seen[0].mentions(USER_TOKEN));
    assert_eq!(holder("Bearer nothing of ours"), None);
    crm.forget_requests();
    assert!(crm.requests().is_empty());
}

#[test]
fn seeds_are_the_same_every_time_and_about_two_hundred() {
    let kinds = [
        "leads",
        "contacts",
        "accounts",
        "opportunities",
        "tasks",
        "cases",
        "invoices",
        "products",
        "solutions",
        "goals",
        "tags",
    ];
    let (first, second) = (usual(), usual());
    for kind in kinds {
        assert_eq!(first.ids(kind), second.ids(kind), "{kind}");
        assert!(first.count(kind) > 0, "no {kind}");
    }
    let all: usize = kinds.iter().map(|kind| first.count(kind)).sum();
    assert!((180..280).contains(&all), "{all} records");
    let bare = BottleCrm::new(Options {
        seed: false,
        ..Options::default()
    });
    assert_eq!(bare.count("leads"), 0);
    assert!(bare.count("tags") > 0);
}

#[tokio::test]
async fn heavy_answers_are_heavy_and_lean_ones_lean() {
    let crm = usual();
    let cases = [
        ("GET api/opportunities/?limit=20", 300_000, 900_000),
        ("GET api/opportunities/?limit=1", 150_000, 500_000),
        ("GET api/accounts/?limit=20", 150_000, 600_000),
        ("GET api/cases/?limit=20", 300_000, 900_000),
        ("GET api/tasks/?limit=20", 150_000, 600_000),
        ("GET api/leads/?limit=20", 50_000, 250_000),
        ("GET api/contacts/?limit=20", 40_000, 250_000),
        ("GET api/tasks/?limit=20&slim=true", 5_000, 60_000),
        ("GET api/opportunities/kanban/", 10_000, 60_000),
        ("GET api/leads/kanban/", 10_000, 80_000),
        ("GET api/invoices/?limit=20", 3_000, 30_000),
        ("GET api/search/?q=ma", 100, 10_000),
        ("GET schema/?format=json", 250_000, 1_500_000),
        ("GET schema/", 120_000, 900_000),
    ];
    let mut wrong = Vec::new();
    for (line, least, most) in cases {
        let answer = send(&crm, "full", line).await;
        let size = answer.body.len();
        println!("{line}: {size}");
        if answer.status != 200 || !(least..most).contains(&size) {
            wrong.push(format!("{line}: {} with {size} bytes", answer.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every text of the second organisation, looked for in everything the first one's people can list.
#[tokio::test]
async fn nothing_of_one_organisation_reaches_the_other() {
    let crm = usual();
    let lists = [
        "leads",
        "contacts",
        "accounts",
        "opportunities",
        "tasks",
        "cases",
        "invoices",
        "cases/solutions",
        "tags",
        "teams",
        "users",
        "activities",
        "dashboard",
        "dashboard/today",
        "org/settings",
        "invoices/estimates",
        "opportunities/kanban",
        "leads/kanban",
        "tasks/kanban",
        "cases/kanban",
        "opportunities/goals",
    ];
    for (who, kinds) in [("full", true), ("org2", false)] {
        for list in lists {
            let answer = send(&crm, who, &format!("GET api/{list}/?limit=1000")).await;
            assert_eq!(answer.status, 200, "{list} for {who}");
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            for kind in [
                "profiles",
                "leads",
                "accounts",
                "contacts",
                "opportunities",
                "cases",
                "tasks",
                "invoices",
            ] {
                let foreign = if kinds {
                    crm.foreign_ids(kind)
                } else {
                    crm.ids(kind)
                };
                let leaked = foreign.iter().find(|id| text.contains(*id));
                assert_eq!(leaked, None, "{kind} in {list} for {who}");
            }
        }
    }
}

#[tokio::test]
async fn below_a_base() {
    let crm = BottleCrm::new(Options {
        base: "/crm".into(),
        ..Options::default()
    });
    assert_eq!(send(&crm, "full", "GET crm/api/profile/").await.status, 200);
    assert_eq!(send(&crm, "full", "GET api/profile/").await.status, 404);
    let moved = send(&crm, "full", "GET crm/api/leads").await;
    assert_eq!(moved.header("location"), Some("/crm/api/leads/"));
}

#[tokio::test]
async fn a_deal_becomes_an_invoice_where_the_release_can() {
    for (knob, status) in [
        (FromOpportunity::Works, 201),
        (FromOpportunity::Breaks, 500),
    ] {
        let crm = BottleCrm::new(Options {
            from_opportunity: knob,
            ..Options::default()
        });
        let target = InProcess::bottlecrm(crm.router());
        let won = crm
            .find("opportunities", "stage", "CLOSED_WON")
            .expect("a won deal");
        let id = won["id"].as_str().expect("its id");
        let line = json!({"name": "Seat", "quantity": "2", "unit_price": "50"}).to_string();
        let lines = format!("POST api/opportunities/{id}/line-items/");
        assert_eq!(ask(&target, "full", &lines, &line).await.status, 201);
        let before = crm.count("invoices");
        let from = format!("POST api/invoices/from-opportunity/{id}/");
        assert_eq!(ask(&target, "full", &from, "{}").await.status, status);
        assert_eq!(crm.count("invoices"), before + usize::from(status == 201));
    }
}

#[tokio::test]
async fn faults_stand_in_front_of_it() {
    let (crm, faults) = (usual(), Faults::new());
    let target = InProcess::bottlecrm(faulty(crm.router(), &faults));
    faults.next(Fault::Html(502));
    assert_eq!(ask(&target, "full", "GET api/tags/", "").await.status, 502);
    assert!(crm.requests().is_empty(), "the fault came first");
    faults.on("/api/leads/", Fault::BadJson);
    assert!(
        ask(&target, "full", "GET api/leads/", "")
            .await
            .json()
            .is_none()
    );
    faults.clear();
    assert_eq!(ask(&target, "full", "GET api/leads/", "").await.status, 200);
    assert_eq!(faults.applied(), 2);
}

#[tokio::test]
async fn a_fixed_clock_stamps_what_is_made() {
    let at = "2026-03-01T09:30:00Z".parse().expect("a moment");
    let crm = BottleCrm::new(Options {
        clock: Clock::fixed(at),
        ..Options::default()
    });
    let target = InProcess::bottlecrm(crm.router());
    let body = json!({"name": "On time"}).to_string();
    ask(&target, "full", "POST api/opportunities/", &body).await;
    let made = crm
        .find("opportunities", "name", "On time")
        .expect("the deal");
    assert_eq!(made["stage_changed_at"], "2026-03-01T09:30:00.000000Z");
    assert_eq!(crm.record(made["id"].as_str().expect("its id")), Some(made));
}

/// The stand-in as a run against a real installation sees one: one token, and nothing of the demo.
struct AsReal(InProcess);

impl Target for AsReal {
    async fn send(&self, ask: Ask) -> Result<Answer, String> {
        self.0.send(ask).await
    }

    fn credentials(&self, who: &str, ask: &Ask, saved: &Saved) -> Option<Headers> {
        let known = [
            "full",
            "nobody",
            "small_scheme",
            "stranger",
            "in_token_header",
        ];
        known
            .contains(&who)
            .then(|| self.0.credentials(who, ask, saved))
            .flatten()
    }

    fn is_demo(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_run_against_a_real_one_cleans_up() {
    let crm = usual();
    let target = AsReal(InProcess::bottlecrm(crm.router()));
    let kinds = [
        "leads",
        "contacts",
        "accounts",
        "opportunities",
        "tasks",
        "invoices",
        "estimates",
        "products",
        "solutions",
        "goals",
        "documents",
        "teams",
        "time_entries",
        "custom_fields",
        "pipelines",
        "profiles",
    ];
    let counts = || kinds.map(|kind| (kind, crm.count(kind)));
    let before = counts();
    let mut passed = 0;
    let groups = BottleTable.groups().expect("the table is of its form");
    for (n, group) in groups.iter().enumerate() {
        for outcome in run(&BottleTable, &target, group, &format!("zq9g{n}w")).await {
            let name = format!("{} / {}", outcome.group, outcome.case);
            assert!(
                !matches!(outcome.verdict, Verdict::Failed(_)),
                "{name}: {:?}",
                outcome.verdict
            );
            passed += usize::from(outcome.verdict == Verdict::Passed);
        }
    }
    assert!(passed > 120, "only {passed} cases ran");
    assert_eq!(counts(), before);
    let open = |id: &String| {
        crm.record(id)
            .is_some_and(|case| case["deleted"] != json!(true))
    };
    let left: Vec<String> = crm.ids("cases").into_iter().filter(open).collect();
    assert_eq!(left.len(), usual().count("cases"));
}
