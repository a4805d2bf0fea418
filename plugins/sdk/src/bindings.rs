//! Generated code only: the world `connector` of the repository's `wit` folder, seen from a guest.
#![expect(missing_docs, reason = "documented in wit/")]
#![expect(clippy::all, reason = "generated")]

wit_bindgen::generate!({
    world: "connector",
    path: "../../wit",
    pub_export_macro: true,
    export_macro_name: "export_component",
    default_bindings_module: "portcullis_sdk::bindings",
});

pub use portcullis::plugin::types::Failure as WitFailure;

/// The optional export `resources`, a world of its own.
pub mod with_resources {
    wit_bindgen::generate!({
        world: "with-resources",
        path: "../../wit",
        with: { "portcullis:plugin/types@0.1.0": super::portcullis::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_resources",
        default_bindings_module: "portcullis_sdk::bindings::with_resources",
    });

    pub use exports::portcullis::plugin::resources::{Contents, Guest};
}
