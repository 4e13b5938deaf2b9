//! Variables that look like ours and are not: one warning each, with the nearest name.

use std::collections::BTreeSet;

use super::environment::file_forms;
use super::known::Known;

/// The prefixes we answer for.
const PREFIXES: [&str; 3] = ["GITLAB_", "OAUTH_", "MCP_"];

/// Set by GitLab's own CI in every job.
const PRESET_BY_CI: [&str; 6] = [
    "GITLAB_CI",
    "GITLAB_FEATURES",
    "GITLAB_USER_ID",
    "GITLAB_USER_LOGIN",
    "GITLAB_USER_NAME",
    "GITLAB_USER_EMAIL",
];

/// Families of variables whose names depend on the tools.
const FAMILIES: [&str; 3] = ["GITLAB_TOOL_", "GITLAB_ACTION_", "GITLAB_PARAM_"];

/// The names that nothing knows, in order, each with its hint.
pub(super) fn find<'a>(
    names: impl Iterator<Item = &'a str>,
    known: &Known,
) -> Vec<(&'a str, String)> {
    let ours: BTreeSet<&str> = known
        .all()
        .flat_map(super::setting::Setting::names)
        .collect();
    let with_file = known.all().filter(|setting| setting.has_file_form());
    let files: BTreeSet<String> = with_file.flat_map(file_forms).collect();
    let foreign = |name: &&str| {
        PREFIXES.iter().any(|prefix| name.starts_with(prefix))
            && !PRESET_BY_CI.contains(name)
            && !FAMILIES.iter().any(|family| name.starts_with(family))
            && !ours.contains(name)
            && !files.contains(*name)
    };
    names
        .filter(foreign)
        .map(|name| (name, hint(name, ours.iter().copied())))
        .collect()
}

/// `, did you mean NAME?` or nothing.
pub(super) fn hint<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or_else(String::new, |found| format!(", did you mean {found}?"))
}

/// The closest candidate within three edits and 30 % of the length of `name`.
pub(super) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let limit = name.chars().count().saturating_mul(3) / 10;
    candidates
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit.min(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_stays_within_its_limits() {
        let names = [
            "GITLAB_READONLY",
            "GITLAB_API_URL",
            "OAUTH_TOKEN_TTL",
            "PORT",
        ];
        let cases = [
            ("GITLAB_READ_ONY", Some("GITLAB_READONLY")),
            ("GITLAB_API_ULR", Some("GITLAB_API_URL")),
            ("GITLAB_APIS_URLS_", Some("GITLAB_API_URL")),
            ("GITLAB_APIS_URLSXX", None),
            ("PORS", Some("PORT")),
            ("PROT", None),
            ("GITLAB_SOMETHING_ELSE", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names.into_iter()), expected, "{name}");
        }
    }

    #[test]
    fn only_our_own_prefixes_are_judged() {
        let (known, _) = Known::new(&[], &[]);
        let names = [
            "PATH",
            "GITLAB_CI",
            "GITLAB_USER_EMAIL",
            "GITLAB_TOOL_LIST_ISSUES",
            "GITLAB_PARAM_X_Y",
            "OAUTH_SESSION_SECRET_FILE",
            "GITLAB_FOO_BAR",
            "OAUTH_ENABLE",
            "MCP_SERVER_URL",
        ];
        let found = find(names.into_iter(), &known);
        assert_eq!(
            found,
            [
                ("GITLAB_FOO_BAR", String::new()),
                ("OAUTH_ENABLE", ", did you mean OAUTH_ENABLED?".to_owned()),
            ]
        );
    }
}
