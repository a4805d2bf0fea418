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

/// The optional export `prompts`.
pub mod with_prompts {
    wit_bindgen::generate!({
        world: "with-prompts",
        path: "../../wit",
        with: {
            "portcullis:plugin/types@0.1.0": super::portcullis::plugin::types,
            "portcullis:plugin/blocks@0.1.0": super::portcullis::plugin::blocks,
        },
        pub_export_macro: true,
        export_macro_name: "export_prompts",
        default_bindings_module: "portcullis_sdk::bindings::with_prompts",
    });

    pub use exports::portcullis::plugin::prompts::{Guest, Message, Speaker};
}

/// The optional export `completion`.
pub mod with_completion {
    wit_bindgen::generate!({
        world: "with-completion",
        path: "../../wit",
        with: { "portcullis:plugin/types@0.1.0": super::portcullis::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_completion",
        default_bindings_module: "portcullis_sdk::bindings::with_completion",
    });

    pub use exports::portcullis::plugin::completion::{Guest, Subject, Suggestions};
}

/// The optional export `interaction`.
pub mod with_interaction {
    wit_bindgen::generate!({
        world: "with-interaction",
        path: "../../wit",
        with: { "portcullis:plugin/types@0.1.0": super::portcullis::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_interaction",
        default_bindings_module: "portcullis_sdk::bindings::with_interaction",
    });

    pub use exports::portcullis::plugin::interaction::{Answer, Ask, Guest, Question, Reply, Turn};
}
