;; Asks for its standard output again and again, and gives no handle back.
(import "wasi:io/streams@0.2.6" (instance $streams (export "output-stream" (type (sub resource)))))
(alias export $streams "output-stream" (type $stream))
(import "wasi:cli/stdout@0.2.6" (instance $stdout
  (alias outer 1 $stream (type $own))
  (export "get-stdout" (func (result (own $own))))))
(core func $get (canon lower (func $stdout "get-stdout")))
(core module $sin_module
  (import "stdout" "get" (func $get (result i32)))
  (func (export "invoke") (result i32)
    (loop $forever
      (drop (call $get))
      (br $forever))
    unreachable))
(core instance $sin (instantiate $sin_module (with "stdout" (instance (export "get" (func $get))))))
