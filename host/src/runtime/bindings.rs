//! Generated from `wit/` and nothing else: the host's side of the world `connector`, and of the world of
//! each optional export.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "connector",
    imports: {
        "portcullis:plugin/http.send": async,
        "portcullis:plugin/http.send-all": async,
        "portcullis:plugin/progress.report": async,
    },
    exports: { default: async },
});

pub(crate) mod with_resources {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "with-resources",
        with: { "portcullis:plugin/types": super::portcullis::plugin::types },
        exports: { default: async },
    });
}

pub(crate) mod with_prompts {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "with-prompts",
        with: {
            "portcullis:plugin/types": super::portcullis::plugin::types,
            "portcullis:plugin/blocks": super::portcullis::plugin::blocks,
        },
        exports: { default: async },
    });
}

pub(crate) mod with_completion {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "with-completion",
        with: { "portcullis:plugin/types": super::portcullis::plugin::types },
        exports: { default: async },
    });
}

pub(crate) mod with_interaction {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "with-interaction",
        with: { "portcullis:plugin/types": super::portcullis::plugin::types },
        exports: { default: async },
    });
}

/// What only the conformance suite's fixture may import.
pub(crate) mod conformance {
    wasmtime::component::bindgen!({
        path: "../wit/conformance",
        world: "fixture",
        imports: { "portcullis:conformance/client.log": async },
    });
}
