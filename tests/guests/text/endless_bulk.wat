;; Fills all the memory that it may have, again and again: each instruction takes long, and none of
;; them can be interrupted.
(core module $sin_module
  (import "plain" "answer" (func $answer (param i32 i32) (result i32)))
  (memory $large 1)
  (func $take
    (loop $more
      (br_if $more (i32.ne (memory.grow $large (i32.const 16)) (i32.const -1)))))
  (func (export "invoke") (result i32)
    (call $take)
    (loop $forever
      (memory.fill $large (i32.const 0) (i32.const 1)
        (i32.mul (memory.size $large) (i32.const 65536)))
      (br $forever))
    (call $answer (i32.const 0) (i32.const 0))))
(core instance $sin (instantiate $sin_module (with "plain" (instance $plain))))
