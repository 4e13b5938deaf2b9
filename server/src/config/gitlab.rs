//! Which GitLab this server speaks for.

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

/// Which GitLab this server speaks for.
#[derive(Debug)]
pub struct GitLabConfig {
    /// The default instance; `None` when its URL was not usable.
    pub instance: Option<Instance>,
    /// The hosts of all configured URLs. The operator named them, so that they may stand on a
    /// private network.
    pub hosts: BTreeSet<String>,
}

impl Section for GitLabConfig {
    const SETTINGS: &'static [&'static Setting] = &[&API_URL];

    fn read(reader: &mut Reader) -> Self {
        let urls = reader.urls(&API_URL);
        let mut instances = Vec::with_capacity(urls.len());
        for url in &urls {
            match Instance::parse(url.as_str()) {
                Ok(instance) => instances.push(instance),
                Err(error) => reader.problem(&API_URL, error.to_string()),
            }
        }
        if instances.iter().any(Instance::is_cleartext) {
            reader.warn_about(&API_URL, "sends credentials in clear text: use https");
        }
        let hosts = instances.iter().map(|one| one.host().to_owned()).collect();
        Self {
            instance: instances.into_iter().next(),
            hosts,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitlab_mcp_core::config::{Sources, load};

    #[test]
    fn only_the_hosts_the_operator_names_may_be_private() {
        for (value, expected) in [
            ("", &["gitlab.com"][..]),
            ("http://gitlab.lan:8080/git", &["gitlab.lan"]),
            (
                "https://a.example,https://[fd00::1]",
                &["[fd00::1]", "a.example"],
            ),
        ] {
            let sources = Sources::new().variables([("GITLAB_API_URL", value)]);
            let (config, _) = load::<GitLabConfig>(&sources, &[]).unwrap();
            let hosts: Vec<_> = config.hosts.iter().map(String::as_str).collect();
            assert_eq!(hosts, expected, "{value}");
        }
    }
}
