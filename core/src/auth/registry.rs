//! The auth modes linked into this binary, and which of them the configuration selects.
//! Nothing here names a mode.

use std::fmt;
use std::sync::Arc;

use super::{
    AuthPlugin, AuthProvider, BuildContext, BuildError, Identity, SelectedBy, StaticBearer,
    Transports,
};
use crate::config::{Kind, Reader, Section, Setting, Table};
use crate::secret::{Secret, StaticBearer as Bearer};
use crate::tool::BoxFuture;

/// The mode by name.
pub static AUTH_MODE: Setting = Setting::new(
    "GITLAB_AUTH_MODE",
    Kind::Text { max: 32 },
    "how to sign in, by name; inferred from the credentials when unset",
);

/// The token HTTP callers present when the server holds the credential.
pub static BEARER: Setting = Setting::new(
    "STREAMABLE_HTTP_AUTH_TOKEN",
    Kind::Secret { min: 8 },
    "bearer token that HTTP callers must present when the server holds the GitLab credential",
)
.flag("--streamable-http-auth-token");

/// Lifts the need for [`BEARER`] on loopback.
pub static OPEN_LOOPBACK: Setting = Setting::new(
    "MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK",
    Kind::Bool,
    "serve the server's own credential on loopback without a bearer token",
)
.default("false");

/// Settings that belong to selection itself.
pub static SETTINGS: &[&Setting] = &[&AUTH_MODE, &BEARER, &OPEN_LOOPBACK];

/// The provider a mode will have been built into.
type Building = BoxFuture<'static, Result<Arc<dyn AuthProvider>, BuildError>>;

/// A mode whose settings have been read and checked; building it cannot fail on them any more.
pub struct Prepared(Box<dyn FnOnce(BuildContext) -> Building + Send>);

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Prepared")
    }
}

/// A registered mode; what inventory holds.
#[derive(Debug, Clone, Copy)]
pub struct AuthDescriptor {
    /// See [`AuthPlugin::NAME`].
    pub name: &'static str,
    /// See [`AuthPlugin::SUMMARY`].
    pub summary: &'static str,
    /// See [`AuthPlugin::IDENTITY`].
    pub identity: Identity,
    /// See [`AuthPlugin::TRANSPORTS`].
    pub transports: Transports,
    /// See [`AuthPlugin::SELECTED_BY`].
    pub selected_by: SelectedBy,
    /// The settings the mode reads.
    pub settings: &'static [&'static Setting],
    /// The tables of the configuration file the mode reads.
    pub tables: &'static [&'static Table],
    /// See [`AuthPlugin::ONLY_HERE`].
    pub only_here: &'static [&'static Setting],
    /// See [`AuthPlugin::IMPLIES_HTTP`].
    pub implies_http: bool,
    /// See [`AuthPlugin::SERVES_ROOT`].
    pub serves_root: bool,
    /// The crate it comes from.
    pub crate_name: &'static str,
    prepare: fn(&mut Reader) -> Prepared,
}

impl AuthDescriptor {
    /// The descriptor of `P`. Use [`register_auth_plugin!`](crate::register_auth_plugin).
    pub const fn of<P: AuthPlugin>(crate_name: &'static str) -> Self {
        Self {
            name: P::NAME,
            summary: P::SUMMARY,
            identity: P::IDENTITY,
            transports: P::TRANSPORTS,
            selected_by: P::SELECTED_BY,
            settings: P::Config::SETTINGS,
            tables: P::Config::TABLES,
            only_here: P::ONLY_HERE,
            implies_http: P::IMPLIES_HTTP,
            serves_root: P::SERVES_ROOT,
            crate_name,
            prepare: prepare::<P>,
        }
    }
}

fn prepare<P: AuthPlugin>(reader: &mut Reader) -> Prepared {
    let config = P::Config::read(reader);
    Prepared(Box::new(move |context| {
        Box::pin(async move {
            let provider = P::build(config, &context).await?;
            Ok(Arc::new(provider) as Arc<dyn AuthProvider>)
        })
    }))
}

inventory::collect!(AuthDescriptor);

/// Registers an [`AuthPlugin`]; the last line of its file.
#[macro_export]
macro_rules! register_auth_plugin {
    ($name:ty) => {
        $crate::__inventory::submit! {
            $crate::auth::AuthDescriptor::of::<$name>(env!("CARGO_PKG_NAME"))
        }
    };
}

/// Two modes with one name.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("two auth modes are called `{name}`: one in crate {first}, one in crate {second}")]
#[expect(missing_docs, reason = "the message says it")]
pub struct RegistryError {
    pub name: &'static str,
    pub first: &'static str,
    pub second: &'static str,
}

/// The linked modes, by name.
///
/// # Errors
/// One [`RegistryError`] for each name that is taken twice.
pub fn linked() -> Result<Vec<AuthDescriptor>, Vec<RegistryError>> {
    checked(
        inventory::iter::<AuthDescriptor>
            .into_iter()
            .copied()
            .collect(),
    )
}

fn checked(mut modes: Vec<AuthDescriptor>) -> Result<Vec<AuthDescriptor>, Vec<RegistryError>> {
    modes.sort_by_key(|mode| (mode.name, mode.crate_name));
    let twice: Vec<RegistryError> = modes
        .iter()
        .zip(modes.iter().skip(1))
        .filter(|(one, next)| one.name == next.name)
        .map(|(one, next)| RegistryError {
            name: one.name,
            first: one.crate_name,
            second: next.crate_name,
        })
        .collect();
    if twice.is_empty() {
        Ok(modes)
    } else {
        Err(twice)
    }
}

/// Where the server will listen, as far as selection needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Listening {
    /// HTTP rather than stdio.
    pub http: bool,
    /// The bind address is loopback.
    pub loopback: bool,
    /// The setting that chose the transport, to be named in messages.
    pub transport: &'static str,
}

/// The selected mode, ready to be built.
#[derive(Debug)]
pub struct Selection {
    /// Which one.
    pub mode: AuthDescriptor,
    /// Why this one, for `auth-modes`.
    pub because: String,
    prepared: Prepared,
    bearer: Option<Secret<Bearer>>,
}

impl Selection {
    /// Builds the provider, guarded by the static bearer where its identity is the server's.
    ///
    /// # Errors
    /// [`BuildError`] of the plugin.
    pub async fn build(self, context: BuildContext) -> Result<Arc<dyn AuthProvider>, BuildError> {
        let provider = (self.prepared.0)(context).await?;
        Ok(match self.bearer {
            Some(bearer) => Arc::new(StaticBearer::new(provider, bearer)),
            None => provider,
        })
    }
}

/// Selects the mode, checks it against the transport and reads its settings. Everything wrong is
/// reported to `reader`; the result is `None` when no mode could be selected.
pub fn select(
    modes: &[AuthDescriptor],
    reader: &mut Reader,
    listening: Listening,
) -> Option<Selection> {
    let (mode, because) = choose(modes, reader)?;
    refuse_foreign_switches(modes, &mode, reader);
    check_transport(&mode, reader, listening);
    let prepared = (mode.prepare)(reader);
    let bearer = match mode.identity {
        Identity::Server if listening.http => read_bearer(reader, listening),
        Identity::Server | Identity::Nobody => None,
        Identity::EachCaller => {
            if reader.is_set(&BEARER) {
                reader.warn(format!(
                    "{} has no effect with {}: every caller brings a credential",
                    BEARER.variable(),
                    mode.name
                ));
            }
            None
        }
    };
    Some(Selection {
        mode,
        because,
        prepared,
        bearer,
    })
}

/// The setting that selects a mode which implies HTTP, if one does.
pub fn implied_http(modes: &[AuthDescriptor], reader: &mut Reader) -> Option<&'static str> {
    let named = reader.text(&AUTH_MODE);
    modes
        .iter()
        .filter(|mode| mode.implies_http)
        .find_map(|mode| match (&named, mode.selected_by) {
            (Some(name), _) => (name == mode.name).then_some(AUTH_MODE.variable()),
            (None, SelectedBy::Switch(setting)) => {
                reader.flag(setting).then_some(setting.variable())
            }
            (None, _) => None,
        })
}

/// Which mode the configuration selects, and why. Reports problems to `reader`.
pub fn choose(modes: &[AuthDescriptor], reader: &mut Reader) -> Option<(AuthDescriptor, String)> {
    let (mode, because) = chosen(modes, reader)?;
    warn_about_unused(modes, &mode, &because, reader);
    Some((mode, because))
}

/// A credential or a table of another mode is legal, unused, and never a fall-back.
fn warn_about_unused(
    modes: &[AuthDescriptor],
    mode: &AuthDescriptor,
    because: &str,
    reader: &mut Reader,
) {
    for other in modes.iter().filter(|other| other.name != mode.name) {
        if let SelectedBy::Credential { setting, .. } = other.selected_by
            && reader.is_set(setting)
            && !mode
                .settings
                .iter()
                .any(|own| own.variable() == setting.variable())
        {
            reader.warn(format!(
                "{} is set but not used: the auth mode is {}, because {because}",
                reader.name_used(setting),
                mode.name
            ));
        }
    }
    let mut foreign: Vec<&'static Table> = Vec::new();
    for table in modes.iter().flat_map(|other| other.tables) {
        if !mode.tables.contains(table) && !foreign.contains(table) && reader.has_rows(table) {
            foreign.push(table);
        }
    }
    for table in foreign {
        reader.warn(format!(
            "[[{}]] stands in the configuration file but is not used: the auth mode is {}, because \
             {because}",
            table.name(),
            mode.name
        ));
    }
}

/// Starting with such a switch and without its mode would not be what was asked for.
fn refuse_foreign_switches(modes: &[AuthDescriptor], mode: &AuthDescriptor, reader: &mut Reader) {
    for other in modes.iter().filter(|other| other.name != mode.name) {
        for setting in other.only_here {
            if !mode.settings.contains(setting) && is_used(setting, reader) {
                let text = format!(
                    "works only with the auth mode {}, and the auth mode is {}",
                    other.name, mode.name
                );
                reader.problem(setting, text);
            }
        }
    }
}

/// Whether a setting asks for something: a switch that is on, a choice other than the usual one.
fn is_used(setting: &'static Setting, reader: &mut Reader) -> bool {
    match setting.kind() {
        Kind::OneOf(_) => {
            let chosen = reader.one_of_if_set(setting);
            chosen.is_some() && chosen != setting.default_text()
        }
        _ => reader.flag(setting),
    }
}

fn chosen(modes: &[AuthDescriptor], reader: &mut Reader) -> Option<(AuthDescriptor, String)> {
    let switched: Vec<(AuthDescriptor, &'static Setting)> = modes
        .iter()
        .filter_map(|mode| match mode.selected_by {
            SelectedBy::Switch(setting) if reader.flag(setting) => Some((*mode, setting)),
            _ => None,
        })
        .collect();
    if let Some(name) = reader.text(&AUTH_MODE) {
        return by_name(modes, &name, &switched, reader);
    }
    match switched.as_slice() {
        [(mode, setting)] => return Some((*mode, format!("{} is true", setting.variable()))),
        [] => {}
        several => {
            let names: Vec<&Setting> = several.iter().map(|(_, setting)| *setting).collect();
            reader.conflict(&names, "these switches contradict each other; set only one");
            return None;
        }
    }
    by_credential(modes, reader)
}

fn by_name(
    modes: &[AuthDescriptor],
    name: &str,
    switched: &[(AuthDescriptor, &'static Setting)],
    reader: &mut Reader,
) -> Option<(AuthDescriptor, String)> {
    let names: Vec<&str> = modes.iter().map(|mode| mode.name).collect();
    let Some(mode) = modes.iter().find(|mode| mode.name == name) else {
        let nearest = names
            .iter()
            .min_by_key(|known| strsim::damerau_levenshtein(name, known))
            .map(|known| format!("; did you mean {known}?"))
            .unwrap_or_default();
        reader.problem(
            &AUTH_MODE,
            format!(
                "no auth mode has this name{nearest} This build has: {}",
                names.join(", ")
            ),
        );
        return None;
    };
    for (_, setting) in switched.iter().filter(|(other, _)| other.name != mode.name) {
        reader.conflict(&[&AUTH_MODE, setting], "the switch belongs to another mode");
    }
    Some((*mode, format!("{} names it", AUTH_MODE.variable())))
}

fn by_credential(
    modes: &[AuthDescriptor],
    reader: &mut Reader,
) -> Option<(AuthDescriptor, String)> {
    let mut present: Vec<(u16, AuthDescriptor, &'static Setting)> = modes
        .iter()
        .filter_map(|mode| match mode.selected_by {
            SelectedBy::Credential { setting, rank } if reader.is_set(setting) => {
                Some((rank, *mode, setting))
            }
            _ => None,
        })
        .collect();
    present.sort_by_key(|(rank, mode, _)| (*rank, mode.name));
    match present.as_slice() {
        [] => {
            reader.problem(&AUTH_MODE, no_mode(modes));
            None
        }
        [(rank, _, one), (next, _, other), ..] if rank == next => {
            reader.conflict(
                &[one, other],
                "two auth modes claim this configuration; name one",
            );
            None
        }
        [(_, mode, setting), ..] => Some((*mode, format!("{} is set", setting.variable()))),
    }
}

fn no_mode(modes: &[AuthDescriptor]) -> String {
    let ways: Vec<String> = modes
        .iter()
        .map(|mode| match mode.selected_by {
            SelectedBy::NameOnly => format!("{}={}", AUTH_MODE.variable(), mode.name),
            SelectedBy::Switch(setting) => format!("{}=true ({})", setting.variable(), mode.name),
            SelectedBy::Credential { setting, .. } => {
                format!("{} ({})", setting.variable(), mode.name)
            }
        })
        .collect();
    format!(
        "no way to sign in is configured; set one of: {}",
        ways.join(", ")
    )
}

fn check_transport(mode: &AuthDescriptor, reader: &mut Reader, listening: Listening) {
    let served = if listening.http {
        mode.transports.http
    } else {
        mode.transports.stdio
    };
    if !served {
        let (transport, other) = if listening.http {
            ("HTTP", "MCP_TRANSPORT=stdio")
        } else {
            ("stdio", "STREAMABLE_HTTP=true")
        };
        let text = format!(
            "the auth mode {} cannot be served over {transport} (chosen by {}); {other} would \
             serve it",
            mode.name, listening.transport
        );
        match mode.selected_by {
            SelectedBy::Switch(setting) => reader.problem(setting, text),
            _ => reader.problem(&AUTH_MODE, text),
        }
    }
}

/// The bearer of a server-held credential over HTTP; missing it is an error, on loopback too,
/// because any local process or rebinding page could use the credential.
fn read_bearer(reader: &mut Reader, listening: Listening) -> Option<Secret<Bearer>> {
    let bearer = reader.secret::<Bearer>(&BEARER);
    let lifted = reader.flag(&OPEN_LOOPBACK);
    if bearer
        .as_ref()
        .is_some_and(|token| token.expose().len() < 32)
    {
        reader.warn_about(&BEARER, "is shorter than 32 characters; take a longer one");
    }
    if lifted && !listening.loopback {
        reader.problem(&OPEN_LOOPBACK, "HOST is not a loopback address".to_owned());
    } else if lifted && bearer.is_none() {
        reader.warn(
            "every local process can use the GitLab credential of this server \
             (MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK=true)"
                .to_owned(),
        );
    } else if bearer.is_none() && !reader.is_set(&BEARER) {
        reader.problem(
            &BEARER,
            "a GitLab credential held by the server over Streamable HTTP needs this bearer token \
             (on loopback MCP_DANGEROUSLY_ALLOW_UNAUTHENTICATED_LOOPBACK=true lifts that)"
                .to_owned(),
        );
    }
    bearer
}
