//! `environment` of `tests/fuzz` under libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| portcullis_fuzz::check("environment", input));
