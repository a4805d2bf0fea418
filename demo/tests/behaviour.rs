//! Holds the stand-in to the table of observed behaviour, in each version it imitates.
//!
//! Every group gets a CRM of its own, so that neither order nor failed logins matter.

use portcullis_demo::behaviour::{InProcess, Verdict, espocrm, run};
use portcullis_demo::espocrm::{EspoCrm, Options, Version};

/// The table must not shrink unnoticed.
const LEAST_CASES: usize = 200;

async fn hold(version: Version) {
    let groups = espocrm().expect("the table is of its form");
    let (mut failed, mut passed) = (Vec::new(), 0);
    for group in &groups {
        let crm = EspoCrm::new(Options {
            version,
            ..Options::default()
        });
        for outcome in run(&InProcess(crm.router()), group, "zq7").await {
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
    assert!(passed > LEAST_CASES, "only {passed} cases ran");
}

#[tokio::test]
async fn espocrm_9() {
    hold(Version::V9).await;
}

#[tokio::test]
async fn espocrm_10() {
    hold(Version::V10 { pipelines: false }).await;
}

#[tokio::test]
async fn espocrm_10_with_pipelines() {
    hold(Version::V10 { pipelines: true }).await;
}
