//! What people meet when they write an endpoint: what compiles, and the words when it does not.

#[test]
fn endpoints_compile_or_say_why_not() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
