;; Calls itself until the machine's stack is full. (In Rust a second stack, in the guest's memory, is
;; full before that.)
(core module $sin_module
  (func $deeper (param $depth i64) (result i32)
    (i32.add (i32.const 1) (call $deeper (i64.add (local.get $depth) (i64.const 1)))))
  (func (export "invoke") (result i32)
    (call $deeper (i64.const 0))))
(core instance $sin (instantiate $sin_module))
