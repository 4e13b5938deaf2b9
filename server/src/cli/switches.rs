//! `--read-only true` beside `--read-only=true` and plain `--read-only`: a switch takes the next
//! word only when it is a truth value, so that a sub-command may follow it.

use std::ffi::OsString;

use gitlab_mcp_core::config::Setting;

/// The words of a truth value.
const TRUTH: [&str; 8] = ["true", "1", "yes", "on", "false", "0", "no", "off"];

/// The arguments, with each switch and its value as one.
pub(super) fn joined(arguments: Vec<OsString>, settings: &[&'static Setting]) -> Vec<OsString> {
    let switches: Vec<String> = settings
        .iter()
        .filter(|setting| setting.is_switch())
        .flat_map(|setting| setting.flags())
        .collect();
    let is_truth = |word: &OsString| {
        word.to_str()
            .is_some_and(|word| TRUTH.iter().any(|known| word.eq_ignore_ascii_case(known)))
    };
    let mut joined = Vec::with_capacity(arguments.len());
    let mut rest = arguments.into_iter().peekable();
    while let Some(mut argument) = rest.next() {
        let is_switch = argument
            .to_str()
            .is_some_and(|text| switches.iter().any(|one| one == text));
        if is_switch && let Some(value) = rest.next_if(is_truth) {
            argument.push("=");
            argument.push(value);
        }
        joined.push(argument);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitlab_mcp_core::config::Kind;

    static READ_ONLY: Setting = Setting::new("READ_ONLY", Kind::Bool, "a switch");
    static PORT: Setting = Setting::new("PORT", Kind::Integer { min: 0, max: 9 }, "a number");

    #[test]
    fn a_switch_takes_only_a_truth_value() {
        for (given, expected) in [
            ("--read-only tools", "--read-only tools"),
            ("--read-only false tools", "--read-only=false tools"),
            ("--read-only=no tools", "--read-only=no tools"),
            ("--read-only --port 1", "--read-only --port 1"),
            ("--read-only", "--read-only"),
        ] {
            let arguments = given.split(' ').map(OsString::from).collect();
            let found = joined(arguments, &[&READ_ONLY, &PORT]);
            let found: Vec<_> = found.iter().map(|one| one.to_string_lossy()).collect();
            assert_eq!(found.join(" "), expected);
        }
    }
}
