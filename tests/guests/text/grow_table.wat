;; Makes tables longer until they cannot be.
(core module $sin_module
  (table $first 1 funcref)
  (table $second 1 externref)
  (func (export "invoke") (result i32)
    (loop $more
      (br_if $more (i32.eqz (i32.or
        (i32.eq (table.grow $first (ref.null func) (i32.const 1000)) (i32.const -1))
        (i32.eq (table.grow $second (ref.null extern) (i32.const 1000)) (i32.const -1))))))
    unreachable))
(core instance $sin (instantiate $sin_module))
