//! Generated from `wit/` and nothing else: the host's side of the world `connector`.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "connector",
    imports: {
        "portcullis:plugin/http.send": async,
        "portcullis:plugin/http.send-all": async,
    },
    exports: { default: async },
});
