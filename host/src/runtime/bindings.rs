//! Generated from `wit/` and nothing else: the host's side of the world `connector`.
#![expect(missing_docs, reason = "generated; the WIT files hold the documentation")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "connector",
    imports: {
        "portcullis:plugin/http.send": async,
        "portcullis:plugin/http.send-all": async,
    },
    exports: { default: async },
});
