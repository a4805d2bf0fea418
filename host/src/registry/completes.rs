//! Arguments for which a plugin offers values: what it declares, met with the operator's rule.

use portcullis_manifest as manifest;

use super::Connection;
use crate::policy::{GrantError, ResourceGrant};

/// Arguments of one resource or prompt that complete by the same routes.
pub struct Completes {
    /// Which arguments.
    pub arguments: Vec<String>,
    /// The verdict of the operator's rule: that on what the arguments belong to.
    pub grant: ResourceGrant,
}

impl Completes {
    /// What the operator's rule makes of what a resource or prompt of this name declares.
    ///
    /// # Errors
    /// A route is malformed, which the manifest's judgement prevents.
    pub fn meet(
        connection: &Connection,
        name: &str,
        declared: &[manifest::Completes],
    ) -> Result<Vec<Self>, GrantError> {
        let meet = |one: &manifest::Completes| {
            let of = &connection.config.name;
            let grant = ResourceGrant::of(of, name, &one.routes, &connection.rule)?;
            Ok(Self {
                arguments: one.arguments.clone(),
                grant,
            })
        };
        declared.iter().map(meet).collect()
    }
}

/// What is wrong with a declaration for something with these arguments.
pub fn faults(declared: &[manifest::Completes], arguments: &[&str]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    for one in declared {
        if one.arguments.is_empty() {
            faults.push("`completes` names no argument".to_owned());
        }
        for name in &one.arguments {
            if !arguments.contains(&name.as_str()) {
                faults.push(format!(
                    "`completes` names `{name}`, which is no argument of it"
                ));
            }
            if seen.contains(&name) {
                faults.push(format!("`completes` names `{name}` twice"));
            }
            seen.push(name);
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_arguments_that_there_are_complete_and_once() {
        let completes = |arguments: &[&str]| manifest::Completes {
            arguments: arguments.iter().map(|&name| name.to_owned()).collect(),
            routes: Vec::new(),
        };
        let told = |declared: &[manifest::Completes]| faults(declared, &["entity", "id"]).len();
        assert_eq!(told(&[completes(&["entity"]), completes(&["id"])]), 0);
        assert_eq!(told(&[completes(&["entity", "entity"])]), 1);
        assert_eq!(told(&[completes(&["other"])]), 1);
        assert_eq!(told(&[completes(&[])]), 1);
    }
}
