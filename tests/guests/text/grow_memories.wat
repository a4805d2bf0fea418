;; Takes memory in several modules and several memories, none of which is large by itself, until there
;; is none.
(core module $hoard
  (memory $first 1)
  (memory $second 1)
  (func (export "grow") (result i32)
    (i32.or
      (i32.eq (memory.grow $first (i32.const 1)) (i32.const -1))
      (i32.eq (memory.grow $second (i32.const 1)) (i32.const -1)))))
(core instance $hoard (instantiate $hoard))
(core module $sin_module
  (import "hoard" "grow" (func $grow (result i32)))
  (memory $own 1)
  (func (export "invoke") (result i32)
    (loop $more
      (br_if $more (i32.eqz (i32.or
        (call $grow)
        (i32.eq (memory.grow $own (i32.const 1)) (i32.const -1))))))
    unreachable))
(core instance $sin (instantiate $sin_module (with "hoard" (instance $hoard))))
