//! The demo's EspoCRM on a free port, well or broken on demand.
//!
//! Every test has its own, so that requests can be counted and records changed at will.

use portcullis_demo::Running;
use portcullis_demo::espocrm::{EspoCrm, FULL_KEY, Options, Seen};
use portcullis_demo::fault::{Faults, faulty};
use portcullis_demo::{bottlecrm, suitecrm};

use super::suite::WRONG_PASSWORD;

/// A CRM that answers.
pub struct Crm {
    pub memory: EspoCrm,
    pub faults: Faults,
    running: Running,
}

impl Crm {
    /// Starts one with the usual records.
    pub async fn start() -> Self {
        let (memory, faults) = (EspoCrm::new(Options::default()), Faults::new());
        let running = Running::start(faulty(memory.router(), &faults))
            .await
            .expect("a free port");
        Self {
            memory,
            faults,
            running,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.running.url()
    }

    /// The first record of an entity.
    pub fn first(&self, entity: &str) -> String {
        self.memory
            .ids(entity)
            .into_iter()
            .next()
            .unwrap_or_else(|| panic!("no {entity} is seeded"))
    }

    /// The requests that arrived with a method other than GET.
    pub fn changes(&self) -> Vec<Seen> {
        self.memory
            .requests()
            .into_iter()
            .filter(|seen| seen.method != "GET")
            .collect()
    }
}

/// A secret with every character that some encoding spells in another way.
pub const ODD_KEY: &str = "0dd/key+of=the \"tests\" & <more> 100%";

/// The variables that the tests' configurations refer to.
pub fn environment(name: &str) -> Option<String> {
    let value = match name {
        "CRM_KEY" => FULL_KEY,
        "ODD_KEY" => ODD_KEY,
        "SUITE_USER" => suitecrm::ADMIN_USER,
        "SUITE_PASSWORD" => suitecrm::ADMIN_PASSWORD,
        "SUITE_WRONG" => WRONG_PASSWORD,
        "SUITE_CLIENT" => suitecrm::CLIENT_ID,
        "SUITE_SECRET" => suitecrm::CLIENT_SECRET,
        "SUITE_MACHINE" => suitecrm::MACHINE_CLIENT_ID,
        "SUITE_MACHINE_SECRET" => suitecrm::MACHINE_CLIENT_SECRET,
        "BOTTLE_TOKEN" => bottlecrm::ADMIN_TOKEN,
        "BOTTLE_REVOKED" => bottlecrm::REVOKED_TOKEN,
        _ => return None,
    };
    Some(value.to_owned())
}
