//! Bytes of a request through router and handlers: `cargo +nightly fuzz run request`.
//! Eight bytes are a number and stand for a request that is nearly right.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    match <[u8; 8]>::try_from(bytes) {
        Ok(number) => mock_gitlab::fuzz(&mock_gitlab::fuzz_request(u64::from_be_bytes(number))),
        Err(_) => mock_gitlab::fuzz(bytes),
    }
});
