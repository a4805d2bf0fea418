;; Takes memory in several modules, none of which takes much by itself, until there is none.
(core module $hoard
  (memory $taken 1)
  (func (export "fails") (result i32)
    (i32.eq (memory.grow $taken (i32.const 1)) (i32.const -1))))
(core instance $first (instantiate $hoard))
(core instance $second (instantiate $hoard))
(core module $sin_module
  (import "first" "fails" (func $first (result i32)))
  (import "second" "fails" (func $second (result i32)))
  (memory $own 1)
  (func (export "invoke") (result i32)
    (loop $more
      (br_if $more (i32.eqz (i32.or
        (i32.or (call $first) (call $second))
        (i32.eq (memory.grow $own (i32.const 1)) (i32.const -1))))))
    unreachable))
(core instance $sin (instantiate $sin_module
  (with "first" (instance $first))
  (with "second" (instance $second))))
