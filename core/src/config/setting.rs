//! What one configuration variable is: its names, its type, its default.

/// The declaration of one configuration variable; the only place where its name is written.
///
/// Declared as a `static` and built with the `const` functions below.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    variable: &'static str,
    aliases: &'static [&'static str],
    flag: Flag,
    further_flags: &'static [&'static str],
    kind: Kind,
    default: Option<&'static str>,
    about: &'static str,
    modes: &'static [&'static str],
    plugin: Option<&'static str>,
    hidden: bool,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// true, 1, yes, on or false, 0, no, off in any case.
    Bool,
    /// As [`Kind::Bool`], with unset as a third state.
    Tri,
    /// Decimal digits between both bounds, inclusive.
    Integer {
        /// The least value.
        min: u64,
        /// The greatest value.
        max: u64,
    },
    /// One of these words, in any case.
    OneOf(&'static [&'static str]),
    /// Comma separated; trimmed, without empty items and duplicates.
    List,
    /// As [`Kind::List`], with blanks as separators too.
    Words,
    /// One absolute http(s) URL.
    Url,
    /// A comma separated list of [`Kind::Url`].
    Urls,
    /// A comma separated list of hosts: `host`, `host:port` or an http(s) URL.
    Hosts,
    /// A comma separated list of origins: `scheme://host` or `scheme://host:port`.
    Origins,
    /// A file name; a leading `~/` is the home directory.
    Path,
    /// A secret of at least `min` bytes, which may also come from the file named by `NAME_FILE`.
    Secret {
        /// The least number of bytes.
        min: usize,
    },
    /// A regular expression of at most 1000 characters.
    Pattern,
    /// One line of text of at most `max` characters.
    Text {
        /// The greatest number of characters.
        max: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flag {
    Derived,
    Named(&'static str),
    Absent,
}

impl Setting {
    /// A setting that every mode reads, with the derived flag and no default.
    ///
    /// `about` is one line for `--help`, without a final period.
    pub const fn new(variable: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            variable,
            aliases: &[],
            flag: Flag::Derived,
            further_flags: &[],
            kind,
            default: None,
            about,
            modes: &[],
            plugin: None,
            hidden: false,
        }
    }

    /// Further variable names; the earlier name wins where two disagree.
    #[must_use]
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// The value when no source sets one, in the text form of the environment.
    #[must_use]
    pub const fn default(self, text: &'static str) -> Self {
        Self {
            default: Some(text),
            ..self
        }
    }

    /// A flag other than the derived one, with its dashes: `--token`.
    #[must_use]
    pub const fn flag(self, flag: &'static str) -> Self {
        Self {
            flag: Flag::Named(flag),
            ..self
        }
    }

    /// More spellings of the flag, with their dashes.
    #[must_use]
    pub const fn further_flags(self, flags: &'static [&'static str]) -> Self {
        Self {
            further_flags: flags,
            ..self
        }
    }

    /// Leaves the command line out, as is right for secrets.
    #[must_use]
    pub const fn without_flag(self) -> Self {
        Self {
            flag: Flag::Absent,
            ..self
        }
    }

    /// The auth modes that read this setting; without this call all of them do.
    #[must_use]
    pub const fn modes(self, modes: &'static [&'static str]) -> Self {
        Self { modes, ..self }
    }

    /// Places the file key into the table `[plugin.<name>]`.
    #[must_use]
    pub const fn plugin(self, name: &'static str) -> Self {
        Self {
            plugin: Some(name),
            ..self
        }
    }

    /// Never shows the value, although the kind is not [`Kind::Secret`].
    #[must_use]
    pub const fn hidden(self) -> Self {
        Self {
            hidden: true,
            ..self
        }
    }

    /// The canonical environment variable.
    pub const fn variable(&self) -> &'static str {
        self.variable
    }

    /// The canonical name and then the aliases, in order of precedence.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.variable).chain(self.aliases.iter().copied())
    }

    /// How the value is written.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// The default in text form, if there is one.
    pub const fn default_text(&self) -> Option<&'static str> {
        self.default
    }

    /// One line for `--help`.
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// Whether the auth mode of this name reads the setting.
    pub fn is_read_by(&self, mode: &str) -> bool {
        self.modes.is_empty() || self.modes.contains(&mode)
    }

    /// The auth modes that read the setting; empty means all.
    pub const fn read_by(&self) -> &'static [&'static str] {
        self.modes
    }

    /// Whether the value must never be shown.
    pub const fn is_secret(&self) -> bool {
        self.hidden || self.has_file_form()
    }

    /// Whether `NAME_FILE` is accepted.
    pub const fn has_file_form(&self) -> bool {
        matches!(self.kind, Kind::Secret { .. })
    }

    /// Whether the bare flag means true.
    pub const fn is_switch(&self) -> bool {
        matches!(self.kind, Kind::Bool | Kind::Tri)
    }

    /// The spellings of the flag with their dashes, the preferred one first; empty without a flag.
    pub fn flags(&self) -> Vec<String> {
        let first = match self.flag {
            Flag::Derived => Some(derived_flag(self.variable)),
            Flag::Named(flag) => Some(flag.to_owned()),
            Flag::Absent => None,
        };
        let further = self.further_flags.iter().map(|&flag| flag.to_owned());
        first.into_iter().chain(further).collect()
    }

    /// The key in the configuration file, without the table it may stand in.
    pub fn file_key(&self) -> String {
        let flag = match self.flag {
            Flag::Named(flag) => flag.to_owned(),
            Flag::Derived | Flag::Absent => derived_flag(self.variable),
        };
        flag.trim_start_matches('-').replace('-', "_")
    }

    /// The plugin in whose table the file key stands.
    pub const fn plugin_table(&self) -> Option<&'static str> {
        self.plugin
    }
}

fn derived_flag(variable: &str) -> String {
    let name = variable.strip_prefix("GITLAB_").unwrap_or(variable);
    format!("--{}", name.to_ascii_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_file_keys_follow_the_rule() {
        let labels = Setting::new("USE_LABELS", Kind::Tri, "");
        let url = Setting::new("GITLAB_API_URL", Kind::Urls, "");
        let token = Setting::new("GITLAB_PERSONAL_ACCESS_TOKEN", Kind::Secret { min: 8 }, "");
        let groups = Setting::new("GITLAB_OAUTH_ALLOWED_GROUPS", Kind::List, "");
        let cases = [
            (labels, vec!["--use-labels"], "use_labels"),
            (url, vec!["--api-url"], "api_url"),
            (token.flag("--token"), vec!["--token"], "token"),
            (
                groups.further_flags(&["--allowed-groups"]),
                vec!["--oauth-allowed-groups", "--allowed-groups"],
                "oauth_allowed_groups",
            ),
        ];
        for (setting, flags, key) in cases {
            assert_eq!(setting.flags(), flags);
            assert_eq!(setting.file_key(), key);
        }
        let secret = Setting::new("OAUTH_SESSION_SECRET", Kind::Secret { min: 32 }, "");
        let secret = secret.without_flag();
        assert!(secret.flags().is_empty());
        assert_eq!(secret.file_key(), "oauth_session_secret");
    }

    #[test]
    fn modes_default_to_all() {
        let all = Setting::new("PORT", Kind::Text { max: 5 }, "");
        assert!(all.is_read_by("pat"));
        let one = Setting::new("PORT", Kind::Text { max: 5 }, "").modes(&["pat"]);
        assert!(one.is_read_by("pat") && !one.is_read_by("none"));
    }
}
