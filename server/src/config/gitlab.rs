//! Which GitLab instances this server speaks for.

use std::collections::BTreeSet;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use gitlab_mcp_core::gitlab::Instance;

static API_URL: Setting = Setting::new(
    "GITLAB_API_URL",
    Kind::Urls,
    "base or API URL of GitLab; /api/v4 and trailing slashes do not matter",
)
.aliases(&["GITLAB_URL"])
.flag("--api-url")
.default("https://gitlab.com");
static ALLOWED_HOSTS: Setting = Setting::new(
    "GITLAB_ALLOWED_HOSTS",
    Kind::Hosts,
    "GitLab hosts that callers may choose besides those of GITLAB_API_URL; without a scheme, https",
)
.modes(&["remote-authorization"]);
static INTERNAL_HOSTS: Setting = Setting::new(
    "GITLAB_INTERNAL_HOSTS",
    Kind::Hosts,
    "allowed GitLab hosts that may have private addresses; those of GITLAB_API_URL when unset",
)
.modes(&["remote-authorization"]);

/// Which GitLab instances this server speaks for.
#[derive(Debug)]
pub struct GitLabConfig {
    /// The default instance; `None` when its URL was not usable.
    pub instance: Option<Instance>,
    /// Every instance that is allowed, the default one first.
    pub instances: Vec<Instance>,
    /// The hosts among them that may stand on a private network: those the operator lists, or those
    /// of all configured URLs.
    pub internal_hosts: BTreeSet<String>,
}

impl Section for GitLabConfig {
    const SETTINGS: &'static [&'static Setting] = &[&API_URL, &ALLOWED_HOSTS, &INTERNAL_HOSTS];

    fn read(reader: &mut Reader) -> Self {
        let own = own_instances(reader);
        let mut instances = own.clone();
        for further in further_instances(reader) {
            if !instances.contains(&further) {
                instances.push(further);
            }
        }
        Self {
            internal_hosts: internal_hosts(reader, &own, &instances),
            instance: own.into_iter().next(),
            instances,
        }
    }
}

/// The instances of `GITLAB_API_URL`, the default one first.
fn own_instances(reader: &mut Reader) -> Vec<Instance> {
    let mut read = Vec::new();
    for url in reader.urls(&API_URL) {
        match Instance::parse(url.as_str()) {
            Ok(instance) => read.push(instance),
            Err(error) => reader.problem(&API_URL, error.to_string()),
        }
    }
    warn_about_cleartext(reader, &API_URL, &read);
    read
}

/// The instances of `GITLAB_ALLOWED_HOSTS`.
fn further_instances(reader: &mut Reader) -> Vec<Instance> {
    // Reading them as hosts reports every item that is none; the scheme is lost on the way.
    let hosts = reader.hosts(&ALLOWED_HOSTS).len();
    let items = reader.list(&ALLOWED_HOSTS);
    if hosts < items.len() {
        return Vec::new();
    }
    let mut read = Vec::new();
    for item in items {
        let url = if item.contains("://") {
            item
        } else {
            format!("https://{item}")
        };
        match Instance::parse(&url) {
            Ok(instance) => read.push(instance),
            Err(error) => reader.problem(&ALLOWED_HOSTS, error.to_string()),
        }
    }
    warn_about_cleartext(reader, &ALLOWED_HOSTS, &read);
    read
}

fn warn_about_cleartext(reader: &mut Reader, setting: &Setting, instances: &[Instance]) {
    if instances.iter().any(Instance::is_cleartext) {
        reader.warn_about(setting, "sends credentials in clear text: use https");
    }
}

/// The listed hosts, each of which must be one of `allowed`, or without a list those of `own`.
fn internal_hosts(reader: &mut Reader, own: &[Instance], allowed: &[Instance]) -> BTreeSet<String> {
    let Some(listed) = reader.internal_hosts(&INTERNAL_HOSTS) else {
        return own.iter().map(host_name).collect();
    };
    let allowed: BTreeSet<String> = allowed.iter().map(host_name).collect();
    for stranger in listed.difference(&allowed) {
        let text = format!(
            "{stranger} is a host of neither {} nor {}",
            API_URL.variable(),
            ALLOWED_HOSTS.variable()
        );
        reader.problem(&INTERNAL_HOSTS, text);
    }
    listed
}

/// The host as it is looked up: without brackets and without a final dot.
fn host_name(instance: &Instance) -> String {
    let host = instance.host();
    let host = host.strip_suffix('.').unwrap_or(host);
    host.trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use gitlab_mcp_core::config::{Sources, load};

    use super::*;

    const URL: &str = "GITLAB_API_URL";
    const ALLOWED: &str = "GITLAB_ALLOWED_HOSTS";
    const INTERNAL: &str = "GITLAB_INTERNAL_HOSTS";

    fn read(pairs: &[(&str, &str)]) -> Result<GitLabConfig, String> {
        let sources = Sources::new().variables(pairs.iter().copied());
        let loaded = load::<GitLabConfig>(&sources, &[]);
        loaded
            .map(|(config, _)| config)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_hosts_the_operator_names_may_be_private() {
        for (pairs, expected) in [
            (&[][..], &["gitlab.com"][..]),
            (&[(URL, "http://gitlab.lan:8080/git")], &["gitlab.lan"]),
            (
                &[(URL, "https://a.example,https://[fd00::1]")],
                &["a.example", "fd00::1"],
            ),
            (&[(ALLOWED, "b.example")], &["gitlab.com"]),
            (
                &[
                    (ALLOWED, "b.example:8443,C.example."),
                    (INTERNAL, "c.example, B.EXAMPLE"),
                ],
                &["b.example", "c.example"],
            ),
        ] {
            let config = read(pairs).unwrap();
            let hosts: Vec<_> = config.internal_hosts.iter().map(String::as_str).collect();
            assert_eq!(hosts, expected, "{pairs:?}");
        }
    }

    #[test]
    fn every_allowed_instance_is_listed_once_with_the_default_first() {
        let config = read(&[
            (URL, "https://a.example/git, http://127.0.0.1:8080"),
            (
                ALLOWED,
                "b.example,https://a.example/git/,http://c.example:81/api/v4",
            ),
        ]);
        let bases: Vec<String> = config
            .unwrap()
            .instances
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            bases,
            [
                "https://a.example/git",
                "http://127.0.0.1:8080",
                "https://b.example",
                "http://c.example:81",
            ]
        );
    }

    #[test]
    fn a_host_that_is_none_is_refused_at_start() {
        for (pairs, name) in [
            (&[(ALLOWED, "*")][..], ALLOWED),
            (&[(ALLOWED, "a.example,*.example")], ALLOWED),
            (&[(ALLOWED, "user@a.example")], ALLOWED),
            (&[(ALLOWED, "ftp://a.example")], ALLOWED),
            (&[(ALLOWED, "a.example/path")], ALLOWED),
            (&[(INTERNAL, "*")], INTERNAL),
            (&[(INTERNAL, "b.example")], INTERNAL),
            (&[(URL, "https://a.example,nonsense")], URL),
        ] {
            let error = read(pairs).unwrap_err();
            assert!(error.contains(name), "{pairs:?}: {error}");
        }
    }
}
