//! What the official conformance suite calls, reads and asks for, as a plugin like any other: the tests'
//! fixture, and an example of every optional import and export of the world.
//!
//! Names, arguments and texts are those that the suite's scenarios describe (release 0.2.0-alpha.12).

#![cfg(target_arch = "wasm32")]

mod asking;
mod blocks;
mod client;
mod prompts;
mod resources;
mod tasks;

use portcullis_sdk::prelude::*;

/// The whole plugin.
pub fn plugin() -> Plugin {
    let manifest = || {
        portcullis_sdk::manifest(
            "conformance",
            "0.1.0",
            "The fixture of the official conformance suite",
        )
    };
    let plugin = blocks::tools(Plugin::new(manifest));
    let plugin = asking::tools(plugin);
    let plugin = client::tools(plugin);
    let plugin = tasks::tools(plugin);
    let plugin = resources::resources(plugin);
    prompts::prompts(plugin)
}

portcullis_sdk::export!(plugin, resources, prompts, completion, interaction);
