//! Bytes nobody would send, by the thousand.

/// Inputs of an ordinary run; `MOCK_GITLAB_FUZZ_INPUTS` asks for more.
const INPUTS: u64 = 5_000;

#[test]
fn no_request_makes_it_panic() {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a test runs is the caller's choice"
    )]
    let asked = std::env::var("MOCK_GITLAB_FUZZ_INPUTS");
    let inputs = asked
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(INPUTS);
    for number in 0..inputs {
        let bytes = mock_gitlab::fuzz_request(number);
        let outcome = std::panic::catch_unwind(|| mock_gitlab::fuzz(&bytes));
        assert!(
            outcome.is_ok(),
            "request {number}:\n{}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

#[test]
fn bytes_that_are_no_request_are_passed_over() {
    let many = vec![b':'; 100_000];
    let lines = "a: b\n".repeat(20_000);
    for bytes in [
        &b""[..],
        b"\n",
        b"GET",
        b"GET  \n\n",
        b"\xff\xfe\xfd /\n",
        b"GET /api/v4/user\nno colon here\n\n\n",
        b"GET /api/v4/user HTTP/1.1\r\nprivate-token: glpat-root-company-00001\r\n\r\n",
        b"POST /api/graphql\ncontent-type: application/json\n\n{\"query\":\"{\"}",
        &many,
        lines.as_bytes(),
    ] {
        mock_gitlab::fuzz(bytes);
    }
    // The instance goes on: the same number is the same request.
    assert_eq!(mock_gitlab::fuzz_request(7), mock_gitlab::fuzz_request(7));
}
