//! What a component may import: the world, and the part of WASI that a language runtime needs.
//!
//! Decides by names alone, before anything is instantiated.

use portcullis_manifest::ABI;

/// Why a component does not fit the world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It wants more than a connector may have.
    #[error("imports {}, which a connector may not have; it may import portcullis:plugin/{{http,log,config,cache,call,content,progress}} and wasi:{{io,cli,clocks,random}}", .0.join(", "))]
    Imports(Vec<String>),
    /// It was built for another version of the world.
    #[error(
        "was built for version {theirs} of the world portcullis:plugin, this host speaks {ABI}; build the plugin with the SDK of this release"
    )]
    Version {
        /// The version it names.
        theirs: String,
    },
    /// It does not export the plugin interface.
    #[error(
        "does not export portcullis:plugin/plugin@{ABI}; it is a component, but not a connector"
    )]
    NotAConnector,
}

const WORLD: &str = "portcullis:plugin/";
const WORLD_INTERFACES: [&str; 9] = [
    "types", "http", "log", "config", "cache", "call", "blocks", "content", "progress",
];
const WASI_PACKAGES: [&str; 4] = ["wasi:io/", "wasi:cli/", "wasi:clocks/", "wasi:random/"];
/// Named by Rust's std in debug builds and by C libraries; there is no folder behind them.
const WASI_FILES: [&str; 2] = ["wasi:filesystem/types", "wasi:filesystem/preopens"];

/// Checks the names of a component's imports and exports.
///
/// # Errors
/// The first kind of misfit, with all names of that kind.
pub fn check(imports: &[&str], exports: &[&str], linked: Linked) -> Result<(), Misfit> {
    if let Some(theirs) = imports
        .iter()
        .chain(exports)
        .find_map(|name| other_version(name))
    {
        return Err(Misfit::Version {
            theirs: theirs.to_owned(),
        });
    }
    let foreign: Vec<String> = imports
        .iter()
        .filter(|name| !(allowed(name) || linked == Linked::Conformance && is_conformance(name)))
        .map(|name| (*name).to_owned())
        .collect();
    if !foreign.is_empty() {
        return Err(Misfit::Imports(foreign));
    }
    if exports
        .iter()
        .any(|name| interface(name) == "portcullis:plugin/plugin")
    {
        Ok(())
    } else {
        Err(Misfit::NotAConnector)
    }
}

/// What is linked beside the world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linked {
    /// Nothing.
    World,
    /// What the conformance suite's fixture needs, in a process that serves it.
    Conformance,
}

/// Whether an import is what only the conformance suite's fixture may have.
#[must_use]
pub fn is_conformance(name: &str) -> bool {
    interface(name) == "portcullis:conformance/client"
}

/// Whether an optional interface of the world is among a component's exports.
#[must_use]
pub fn offers(exports: &[&str], optional: &str) -> bool {
    let named = |name: &&str| interface(name).strip_prefix(WORLD) == Some(optional);
    exports.iter().any(named)
}

fn interface(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

fn allowed(name: &str) -> bool {
    let name = interface(name);
    match name.strip_prefix(WORLD) {
        Some(interface) => WORLD_INTERFACES.contains(&interface),
        None => {
            WASI_FILES.contains(&name)
                || WASI_PACKAGES
                    .iter()
                    .any(|package| name.starts_with(package))
        }
    }
}

/// The version of the world that a name carries, if it is not ours.
fn other_version(name: &str) -> Option<&str> {
    let version = name.strip_prefix(WORLD)?.split('@').nth(1)?;
    let ours = version
        .strip_prefix(ABI)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    (!ours).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLUGIN: &[&str] = &["portcullis:plugin/plugin@0.1.0"];

    #[test]
    fn a_rust_connector_fits() {
        let imports = [
            "portcullis:plugin/http@0.1.0",
            "portcullis:plugin/types@0.1.0",
            "wasi:io/streams@0.2.9",
            "wasi:cli/stderr@0.2.9",
            "wasi:filesystem/preopens@0.2.9",
        ];
        assert_eq!(check(&imports, PLUGIN, Linked::World), Ok(()));
    }

    #[test]
    fn everything_else_is_named() {
        let imports = [
            "wasi:sockets/tcp@0.2.9",
            "wasi:http/outgoing-handler@0.2.9",
            "wasi:filesystem/x@0.2.0",
            "env",
        ];
        let Err(Misfit::Imports(named)) = check(&imports, PLUGIN, Linked::World) else {
            panic!("refused")
        };
        assert_eq!(named, imports);
    }

    #[test]
    fn both_versions_are_said() {
        let error = check(&["portcullis:plugin/http@0.2.0"], PLUGIN, Linked::World)
            .expect_err("refused")
            .to_string();
        assert!(error.contains("0.2.0") && error.contains("0.1"), "{error}");
        assert_eq!(
            check(&[], &["portcullis:plugin/plugin@0.10.0"], Linked::World),
            Err(Misfit::Version {
                theirs: "0.10.0".into()
            })
        );
    }

    #[test]
    fn the_conformance_suites_interface_is_a_stranger_unless_its_fixture_is_served() {
        let imports = ["portcullis:conformance/client@0.1.0"];
        assert!(matches!(
            check(&imports, PLUGIN, Linked::World),
            Err(Misfit::Imports(_))
        ));
        assert_eq!(check(&imports, PLUGIN, Linked::Conformance), Ok(()));
    }

    #[test]
    fn optional_exports_are_told_by_their_whole_name() {
        let exports = [
            "portcullis:plugin/plugin@0.1.0",
            "portcullis:plugin/resources@0.1.0",
        ];
        assert!(offers(&exports, "resources"));
        assert!(!offers(&exports, "resource") && !offers(&["acme:x/resources@0.1.0"], "resources"));
    }

    #[test]
    fn a_command_is_no_connector() {
        assert_eq!(
            check(&[], &["wasi:cli/run@0.2.9"], Linked::World),
            Err(Misfit::NotAConnector)
        );
    }
}
