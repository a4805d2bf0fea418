;; What makes a component of a guest that is written as text: the connector's exports, a memory, and a
;; tool that behaves when it is asked to.
;;
;; SIN stands for the guest's file, which defines the core instance $sin. That exports `invoke`, which
;; takes nothing and answers with the place of a result; `answer` of the instance $plain makes one of a
;; text in the memory. MANIFEST and LENGTH stand for the manifest.
(component
  (core module $plain_module
    (memory (export "memory") 4)
    (data (i32.const 4096) "MANIFEST")
    (data (i32.const 512) "{\"fine\":true}")
    ;; Arguments lie between 64 and 128 KiB; nothing is ever given back.
    (global $next (mut i32) (i32.const 65536))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $next) (i32.const 15)) (i32.const -16)))
      (global.set $next (i32.add (local.get $at) (local.get 3)))
      (local.get $at))
    (func (export "describe") (result i32)
      (i32.store (i32.const 1024) (i32.const 4096))
      (i32.store (i32.const 1028) (i32.const LENGTH))
      (i32.const 1024))
    (func $answer (export "answer") (param $at i32) (param $length i32) (result i32)
      (i32.store (i32.const 1024) (i32.const 0))
      (i32.store (i32.const 1028) (local.get $at))
      (i32.store (i32.const 1032) (local.get $length))
      (i32.const 1024))
    (func (export "fine") (result i32)
      (call $answer (i32.const 512) (i32.const 13)))
    (func (export "preview") (param i32 i32 i32 i32) (result i32)
      (call $answer (i32.const 512) (i32.const 13))))
  (core instance $plain (instantiate $plain_module))

  SIN

  ;; `{}` asks for the sin, anything longer for a tool that behaves.
  (core module $gate_module
    (import "sin" "invoke" (func $sin (result i32)))
    (import "plain" "fine" (func $fine (result i32)))
    (func (export "invoke") (param i32 i32 i32 i32) (result i32)
      (if (result i32) (i32.eq (local.get 3) (i32.const 2))
        (then (call $sin))
        (else (call $fine)))))
  (core instance $gate (instantiate $gate_module
    (with "sin" (instance $sin))
    (with "plain" (instance $plain))))

  (type $kind (enum "bad-input" "not-found" "conflict" "confirm" "auth-needed" "forbidden" "throttled"
    "upstream-fault" "unavailable" "unsupported" "internal"))
  (type $outcome (enum "not-done" "may-have-happened" "partly-done"))
  (type $failure (record
    (field "kind" $kind) (field "code" string) (field "message" string) (field "fields" (list string))
    (field "suggestion" (option string)) (field "retryable" bool) (field "retry-after-ms" (option u32))
    (field "outcome" $outcome) (field "details" (option string))))
  (alias core export $plain "memory" (core memory $memory))
  (alias core export $plain "realloc" (core func $realloc))
  (func $describe (result string)
    (canon lift (core func $plain "describe") (memory $memory)))
  (func $preview (param "tool" string) (param "arguments" string) (result (result string (error $failure)))
    (canon lift (core func $plain "preview") (memory $memory) (realloc $realloc)))
  (func $invoke (param "tool" string) (param "arguments" string) (result (result string (error $failure)))
    (canon lift (core func $gate "invoke") (memory $memory) (realloc $realloc)))

  ;; An export may only speak of types that have a name, so an inner component gives them theirs.
  (component $named
    (type $kind' (enum "bad-input" "not-found" "conflict" "confirm" "auth-needed" "forbidden" "throttled"
      "upstream-fault" "unavailable" "unsupported" "internal"))
    (import "kind" (type $kind (eq $kind')))
    (type $outcome' (enum "not-done" "may-have-happened" "partly-done"))
    (import "outcome" (type $outcome (eq $outcome')))
    (type $failure' (record
      (field "kind" $kind) (field "code" string) (field "message" string) (field "fields" (list string))
      (field "suggestion" (option string)) (field "retryable" bool) (field "retry-after-ms" (option u32))
      (field "outcome" $outcome) (field "details" (option string))))
    (import "failure" (type $failure (eq $failure')))
    (type $ended (result string (error $failure)))
    (import "describe" (func $describe (result string)))
    (import "preview" (func $preview (param "tool" string) (param "arguments" string) (result $ended)))
    (import "invoke" (func $invoke (param "tool" string) (param "arguments" string) (result $ended)))
    (export $kind-out "failure-kind" (type $kind'))
    (export $outcome-out "outcome" (type $outcome'))
    (type $failure-out' (record
      (field "kind" $kind-out) (field "code" string) (field "message" string) (field "fields" (list string))
      (field "suggestion" (option string)) (field "retryable" bool) (field "retry-after-ms" (option u32))
      (field "outcome" $outcome-out) (field "details" (option string))))
    (export $failure-out "failure" (type $failure-out'))
    (type $ended-out (result string (error $failure-out)))
    (export "describe" (func $describe))
    (export "preview" (func $preview)
      (func (param "tool" string) (param "arguments" string) (result $ended-out)))
    (export "invoke" (func $invoke)
      (func (param "tool" string) (param "arguments" string) (result $ended-out))))
  (instance $exported (instantiate $named
    (with "kind" (type $kind))
    (with "outcome" (type $outcome))
    (with "failure" (type $failure))
    (with "describe" (func $describe))
    (with "preview" (func $preview))
    (with "invoke" (func $invoke))))
  (export "portcullis:plugin/plugin@0.1.0" (instance $exported)))
