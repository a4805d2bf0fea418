;; Makes handles of a kind of its own, for which the host is never asked, and gives none back.
(type $thing (resource (rep i32)))
(core func $new (canon resource.new $thing))
(core module $sin_module
  (import "thing" "new" (func $new (param i32) (result i32)))
  (func (export "invoke") (result i32)
    (loop $forever
      (drop (call $new (i32.const 1)))
      (br $forever))
    unreachable))
(core instance $sin (instantiate $sin_module (with "thing" (instance (export "new" (func $new))))))
