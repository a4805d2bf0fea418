;; Makes the tables of several modules longer until they cannot be.
(core module $hoard
  (table $long 1 funcref)
  (func (export "fails") (result i32)
    (i32.eq (table.grow $long (ref.null func) (i32.const 1000)) (i32.const -1))))
(core instance $first (instantiate $hoard))
(core instance $second (instantiate $hoard))
(core module $sin_module
  (import "first" "fails" (func $first (result i32)))
  (import "second" "fails" (func $second (result i32)))
  (func (export "invoke") (result i32)
    (loop $more
      (br_if $more (i32.eqz (i32.and (call $first) (call $second)))))
    unreachable))
(core instance $sin (instantiate $sin_module
  (with "first" (instance $first))
  (with "second" (instance $second))))
