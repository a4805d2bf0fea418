//! Holds the stand-ins to the tables of observed behaviour, in each version they imitate.
//!
//! Every group gets a CRM of its own, so that neither order nor failed logins matter.

use portcullis_demo::atomic::{self, AtomicCrm};
use portcullis_demo::behaviour::{
    AtomicTable, BottleTable, Dialect, EspoTable, InProcess, SuiteTable, Verdict, run,
};
use portcullis_demo::bottlecrm::{self, BottleCrm};
use portcullis_demo::espocrm::{EspoCrm, Options, Version};
use portcullis_demo::suitecrm::{self, SuiteCrm};

/// Runs a table, each group against a fresh CRM. The table must not shrink unnoticed.
async fn hold<D: Dialect>(dialect: &D, least_cases: usize, fresh: impl Fn() -> InProcess) {
    let groups = dialect.groups().expect("the table is of its form");
    let (mut failed, mut passed) = (Vec::new(), 0);
    for group in &groups {
        for outcome in run(dialect, &fresh(), group, "zq7").await {
            match outcome.verdict {
                Verdict::Failed(reason) => {
                    failed.push(format!("{} / {}: {reason}", outcome.group, outcome.case));
                }
                Verdict::Passed => passed += 1,
                Verdict::Skipped(_) => {}
            }
        }
    }
    assert!(
        failed.is_empty(),
        "{passed} passed, {} failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
    assert!(passed > least_cases, "only {passed} cases ran");
}

async fn hold_espocrm(version: Version) {
    hold(&EspoTable, 200, || {
        let crm = EspoCrm::new(Options {
            version,
            ..Options::default()
        });
        InProcess::espocrm(crm.router())
    })
    .await;
}

#[tokio::test]
async fn espocrm_9() {
    hold_espocrm(Version::V9).await;
}

#[tokio::test]
async fn espocrm_10() {
    hold_espocrm(Version::V10 { pipelines: false }).await;
}

#[tokio::test]
async fn espocrm_10_with_pipelines() {
    hold_espocrm(Version::V10 { pipelines: true }).await;
}

#[tokio::test]
async fn suitecrm_7_14() {
    hold(&SuiteTable, 230, || {
        let crm = SuiteCrm::new(suitecrm::Options::default());
        InProcess::suitecrm(crm.router())
    })
    .await;
}

#[tokio::test]
async fn bottlecrm() {
    hold(&BottleTable, 150, || {
        let crm = BottleCrm::new(bottlecrm::Options::default());
        InProcess::bottlecrm(crm.router())
    })
    .await;
}

#[tokio::test]
async fn atomic_as_it_ships() {
    hold(&AtomicTable, 110, || {
        InProcess::atomic(&AtomicCrm::new(atomic::Options::default()))
    })
    .await;
}

#[tokio::test]
async fn atomic_with_tasks_of_ones_own() {
    hold(&AtomicTable, 110, || {
        let own_tasks = atomic::Options {
            own_tasks: true,
            ..atomic::Options::default()
        };
        InProcess::atomic(&AtomicCrm::new(own_tasks))
    })
    .await;
}
