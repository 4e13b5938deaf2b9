//! What an instance knows about itself: its version and the address it prints.

/// What an instance is licensed for. <https://docs.gitlab.com/subscriptions/choosing_subscription/>
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plan {
    /// No licence: the Free tier.
    None,
    /// Premium.
    Premium,
    /// Ultimate.
    Ultimate,
}

impl Plan {
    /// As `/license` spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "free",
            Self::Premium => "premium",
            Self::Ultimate => "ultimate",
        }
    }
}

/// Fixed facts of one instance.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// Scheme, host, port and base path, without a final slash. Stands in every
    /// URL of a body or a `Link` header, wherever the instance really listens.
    pub(crate) external_url: String,
    /// `/gitlab`, or empty.
    pub(crate) base_path: String,
    /// `19.5.1-ee`.
    pub(crate) version: String,
    pub(crate) plan: Plan,
}

impl Site {
    /// A raw path without the base path. Outside its base path an instance knows
    /// nothing; an impossible path says so.
    pub(crate) fn inside(&self, raw: &str) -> String {
        let below = raw.strip_prefix(&self.base_path);
        let below = below.filter(|path| path.starts_with('/'));
        below.map_or_else(|| format!("/-/outside{raw}"), str::to_owned)
    }

    /// An address below the external URL; `path` starts with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.external_url)
    }

    /// An address of the REST API; `path` starts with a slash.
    pub(crate) fn api_url(&self, path: &str) -> String {
        format!("{}/api/v4{path}", self.external_url)
    }

    /// The host name in the external URL, without scheme, port and path.
    pub(crate) fn host(&self) -> &str {
        let rest = self
            .external_url
            .split_once("://")
            .map_or("", |(_, rest)| rest);
        let host = rest.split('/').next().unwrap_or(rest);
        host.rsplit_once(':').map_or(host, |(name, _)| name)
    }
}
