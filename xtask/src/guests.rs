//! Building components: the plugins, the test guests, and the example plugins.
//!
//! All three go through the same guest compiler in target folders of their own, because another
//! compiler or other flags would throw the host's build away. Plugins and guests are separate
//! cargo runs: features that only a guest asks for must not get into a plugin.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::folder::{self, Entry};
use crate::process::{self, announce};
use crate::toolchain::{TARGET, Toolchain};
use crate::workspace::{self, Example, Workspace};

/// The profiles of what is shipped and of what only tests load; declared in the workspace's Cargo.toml.
const PLUGIN: &str = "plugin";
const GUEST: &str = "guest";

/// Builds every plugin into `target/plugins/<id>.wasm`.
pub(crate) fn plugins(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    announce(&format!(
        "Building {}",
        count(workspace.plugins.len(), "plugin")
    ));
    let mut entries = Vec::new();
    if !workspace.plugins.is_empty() {
        let mut cargo = guest_cargo(workspace, toolchain, PLUGIN);
        cargo.arg("--lib");
        for plugin in &workspace.plugins {
            cargo.args(["--package", &plugin.package]);
            let from = guest_out(workspace, PLUGIN).join(&plugin.artifact);
            entries.push(Entry {
                name: format!("{}.wasm", plugin.id),
                from,
            });
        }
        process::run(&mut cargo)?;
    }
    publish(&workspace.plugins_out(), &entries)
}

/// Builds the test guests and the example plugins into `target/guests-out`.
pub(crate) fn test_guests(workspace: &Workspace, toolchain: &Toolchain) -> Result<()> {
    let mut entries = own_guests(workspace, toolchain)?;
    for example in &workspace.examples {
        announce(&format!(
            "Building the example plugin {} outside the workspace",
            example.name
        ));
        let from = build_example(workspace, toolchain, example)?;
        entries.push(Entry {
            name: format!("example_{}.wasm", example.name),
            from,
        });
    }
    publish(&workspace.guests_out(), &entries)
}

fn own_guests(workspace: &Workspace, toolchain: &Toolchain) -> Result<Vec<Entry>> {
    let Some(guests) = &workspace.guests else {
        return Ok(Vec::new());
    };
    announce(&format!(
        "Building {}",
        count(guests.artifacts.len(), "test guest")
    ));
    process::run(guest_cargo(workspace, toolchain, GUEST).args([
        "--examples",
        "--package",
        &guests.package,
    ]))?;
    let folder = guest_out(workspace, GUEST).join("examples");
    Ok(guests
        .artifacts
        .iter()
        .map(|name| Entry {
            name: name.clone(),
            from: folder.join(name),
        })
        .collect())
}

fn guest_cargo(workspace: &Workspace, toolchain: &Toolchain, profile: &str) -> Command {
    let mut cargo = workspace.cargo("build");
    toolchain.apply(&mut cargo, workspace);
    cargo.args([
        "--locked",
        "--profile",
        profile,
        "--target",
        TARGET,
        "--target-dir",
    ]);
    cargo.arg(guest_target(workspace));
    cargo
}

fn guest_target(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/guests")
}

fn guest_out(workspace: &Workspace, profile: &str) -> PathBuf {
    guest_target(workspace).join(TARGET).join(profile)
}

/// Builds an example as its author would: in its folder, in release.
fn build_example(
    workspace: &Workspace,
    toolchain: &Toolchain,
    example: &Example,
) -> Result<PathBuf> {
    let target = workspace.root.join("target/guests-examples");
    let mut cargo = workspace.cargo("build");
    toolchain.apply(&mut cargo, workspace);
    cargo
        .args(["--release", "--target", TARGET, "--target-dir"])
        .arg(&target);
    cargo.arg("--manifest-path").arg(&example.manifest);
    if example.manifest.with_file_name("Cargo.lock").exists() {
        cargo.arg("--locked");
    }
    process::run(&mut cargo)?;
    Ok(target
        .join(TARGET)
        .join("release")
        .join(example_artifact(&example.manifest)?))
}

fn example_artifact(manifest: &Path) -> Result<String> {
    let metadata = workspace::metadata(manifest)?;
    workspace::artifacts(&metadata["packages"][0], "cdylib")
        .into_iter()
        .next()
        .with_context(|| {
            format!(
                "{} has no library with crate-type \"cdylib\"",
                manifest.display()
            )
        })
}

fn publish(folder: &Path, entries: &[Entry]) -> Result<()> {
    for name in folder::sync(folder, entries)? {
        let path = folder.join(name);
        let size = fs::metadata(&path).map_or(0, |file| file.len());
        announce(&format!("{} ({} kB)", path.display(), size.div_ceil(1000)));
    }
    Ok(())
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
