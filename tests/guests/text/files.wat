;; Asks WASI for the folders that were opened for it, and traps when there is one. (Rust's own
;; `std::fs` brings sockets along, for which it is refused before it can ask.)
(import "wasi:filesystem/types@0.2.6" (instance $types (export "descriptor" (type (sub resource)))))
(alias export $types "descriptor" (type $descriptor))
(import "wasi:filesystem/preopens@0.2.6" (instance $preopens
  (alias outer 1 $descriptor (type $folder))
  (export "get-directories" (func (result (list (tuple (own $folder) string)))))))
(core func $folders (canon lower (func $preopens "get-directories") (memory $plain "memory")
  (realloc (func $plain "realloc"))))
(core module $sin_module
  (import "plain" "memory" (memory 1))
  (import "plain" "answer" (func $answer (param i32 i32) (result i32)))
  (import "preopens" "folders" (func $folders (param i32)))
  (data (i32.const 256) "{\"folders\":[]}")
  (func (export "invoke") (result i32)
    (call $folders (i32.const 768))
    (if (i32.load (i32.const 772)) (then unreachable))
    (call $answer (i32.const 256) (i32.const 14))))
(core instance $sin (instantiate $sin_module
  (with "plain" (instance $plain))
  (with "preopens" (instance (export "folders" (func $folders))))))
