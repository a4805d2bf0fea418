;; Answers with a text that is none: a JSON object around bytes that are no UTF-8.
(core module $sin_module
  (import "plain" "memory" (memory 1))
  (import "plain" "answer" (func $answer (param i32 i32) (result i32)))
  (data (i32.const 256) "{\"a\":\"\ff\fe\"}")
  (func (export "invoke") (result i32)
    (call $answer (i32.const 256) (i32.const 10))))
(core instance $sin (instantiate $sin_module (with "plain" (instance $plain))))
