//! Tells the host's tests which guests there are, so that a guest without a test of its name is an
//! error of their compiler.
//!
//! Guests in Rust are those that `Cargo.toml` declares; one that it does not declare has no `main`,
//! and cargo refuses to build it. Guests in text are the files of `text`.

use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A guest needs no list of guests, and one more of them must not mean to build all of them.
    if env::var_os("CARGO_CFG_TARGET_ARCH").is_some_and(|arch| arch == "wasm32") {
        return;
    }
    let folder = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let manifest = folder.join("Cargo.toml");
    let text = folder.join("text");
    println!("cargo::rerun-if-changed={}", manifest.display());
    println!("cargo::rerun-if-changed={}", text.display());
    let mut names = declared(&fs::read_to_string(manifest).expect("the manifest is readable"));
    names.extend(written(&text));
    names.sort();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("every_guest.rs");
    fs::write(out, check(&names)).expect("OUT_DIR is writable");
}

/// The names of the examples.
fn declared(manifest: &str) -> Vec<String> {
    let examples = manifest.split("[[example]]").skip(1);
    let name = |table: &str| {
        let line = table.lines().find(|line| line.starts_with("name = "))?;
        Some(line.split('"').nth(1)?.to_owned())
    };
    examples.filter_map(name).collect()
}

/// The names of the text files.
fn written(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the folder is readable");
    let paths = files.map(|file| file.expect("the folder is readable").path());
    let names = paths.filter(|path| path.extension().is_some_and(|end| end == "wat"));
    names
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// A macro that names a test for each guest.
fn check(names: &[String]) -> String {
    let tests: String = names
        .iter()
        .map(|name| format!("            (\"{name}\", $($tests)*::{name}),\n"))
        .collect();
    let count = names.len();
    format!(
        "/// Names for each guest the test of its name, a function of the module that is given; without one\n\
         /// the tests do not compile.\n\
         #[macro_export]\n\
         macro_rules! every_guest {{\n    \
             ($($tests:tt)*) => {{\n        \
                 const _: [(&str, fn()); {count}] = [\n{tests}        ];\n    \
             }};\n\
         }}\n"
    )
}
