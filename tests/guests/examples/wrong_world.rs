//! Is a connector of a world that this host does not speak.
//!
//! It brings its own contract, because the one of this repository has the wrong number for it.

#![cfg(target_arch = "wasm32")]

mod bindings {
    #![expect(unsafe_code, reason = "the canonical ABI is lowered with raw pointers")]

    wit_bindgen::generate!({
        inline: "
            package portcullis:plugin@0.2.0;
            interface types { type json = string; }
            interface plugin {
                use types.{json};
                describe: func() -> json;
            }
            world connector { export plugin; }
        ",
        world: "connector",
    });

    struct Component;

    impl exports::portcullis::plugin::plugin::Guest for Component {
        fn describe() -> String {
            "{}".to_owned()
        }
    }

    export!(Component);
}
