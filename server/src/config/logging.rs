//! What is logged, how, and where to.

use std::fs::{File, OpenOptions};
use std::sync::Arc;

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use tracing::level_filters::LevelFilter;

use super::Transport;
use crate::http::Silence;

static LEVEL: Setting = Setting::new(
    "LOG_LEVEL",
    Kind::OneOf(&["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    "least important log line that is written; what prevents a start is told in any case",
)
.default("info");
static FORMAT: Setting = Setting::new(
    "LOG_FORMAT",
    Kind::OneOf(&["pretty", "condensed", "verbose", "json"]),
    "form of log lines",
)
.default("pretty");
static JSON: Setting = Setting::new(
    "LOG_JSON",
    Kind::Bool,
    "true is the same as LOG_FORMAT=json",
)
.default("false");
static DESTINATION: Setting = Setting::new(
    "LOG_DESTINATION",
    Kind::OneOf(&["stderr", "stdout"]),
    "where log lines go; always stderr when the transport is stdio",
)
.default("stderr");
static FILTER: Setting = Setting::new(
    "LOG_FILTER",
    Kind::Text { max: 16_384 },
    "requests that are not logged: a JSON array of objects with method, path (a * at its end stands \
     for any rest), userAgent; health probes when unset",
);

static AUDIT: Setting = Setting::new(
    "LOG_AUDIT",
    Kind::Text { max: 4_096 },
    "where sign-ins, sessions and changes are recorded, a JSON object a line: on, beside the log; off; \
     or a file",
)
.default("on");

/// Most rules of `LOG_FILTER`.
const MOST_RULES: usize = 100;

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text with time, level, place, message and fields.
    Pretty,
    /// One short line of text.
    Condensed,
    /// As pretty, with module and thread.
    Verbose,
    /// One JSON object per line.
    Json,
}

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogDestination {
    /// Standard error.
    Stderr,
    /// Standard output, which belongs to the protocol when the transport is stdio.
    Stdout,
}

/// Where the audit stream goes.
#[derive(Debug, Clone)]
pub enum AuditDestination {
    /// Where log lines go, whatever their level and form.
    BesideTheLog,
    /// Nowhere.
    Off,
    /// To the end of a file that only its owner may read.
    File(Arc<File>),
}

/// What is logged, how, and where to.
#[derive(Debug, Clone)]
pub struct LoggingConfig {
    /// Least important line that is written.
    pub level: LevelFilter,
    /// Form of the lines.
    pub format: LogFormat,
    /// Where they go.
    pub destination: LogDestination,
    /// Requests that are not logged.
    pub silences: Vec<Silence>,
    /// Where sign-ins are recorded.
    pub audit: AuditDestination,
}

impl Section for LoggingConfig {
    const SETTINGS: &'static [&'static Setting] =
        &[&LEVEL, &FORMAT, &JSON, &DESTINATION, &FILTER, &AUDIT];

    fn read(reader: &mut Reader) -> Self {
        let level = match reader.one_of(&LEVEL) {
            "silent" => LevelFilter::OFF,
            "fatal" | "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            _ => LevelFilter::INFO,
        };
        let format = match reader.one_of(&FORMAT) {
            _ if reader.flag(&JSON) => LogFormat::Json,
            "json" => LogFormat::Json,
            "condensed" => LogFormat::Condensed,
            "verbose" => LogFormat::Verbose,
            _ => LogFormat::Pretty,
        };
        let destination = match reader.one_of(&DESTINATION) {
            "stdout" => LogDestination::Stdout,
            _ => LogDestination::Stderr,
        };
        Self {
            level,
            format,
            destination,
            silences: silences(reader),
            audit: audit(reader),
        }
    }
}

impl LoggingConfig {
    /// Keeps log lines off stdout when the transport speaks there.
    pub(crate) fn settle(&mut self, transport: Transport, reader: &mut Reader) {
        if transport == Transport::Stdio && self.destination == LogDestination::Stdout {
            self.destination = LogDestination::Stderr;
            reader.warn_about(
                &DESTINATION,
                "has no effect: over stdio, stdout belongs to the protocol",
            );
        }
    }
}

fn audit(reader: &mut Reader) -> AuditDestination {
    let text = reader.text(&AUDIT).unwrap_or_default();
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "1" => return AuditDestination::BesideTheLog,
        "off" | "false" | "0" => return AuditDestination::Off,
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(&text) {
        Ok(file) => AuditDestination::File(Arc::new(file)),
        Err(error) => {
            let text = format!("expected on, off or a file that can be written: {error}");
            reader.problem(&AUDIT, text);
            AuditDestination::Off
        }
    }
}

fn silences(reader: &mut Reader) -> Vec<Silence> {
    let Some(text) = reader.text(&FILTER) else {
        return Silence::of_probes();
    };
    match serde_json::from_str::<Vec<Silence>>(&text) {
        Ok(rules) if rules.len() <= MOST_RULES => rules,
        Ok(_) => {
            reader.problem(&FILTER, format!("has more than {MOST_RULES} rules"));
            Vec::new()
        }
        Err(error) => {
            let text =
                format!("expected a JSON array of objects with method, path, userAgent: {error}");
            reader.problem(&FILTER, text);
            Vec::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gitlab_mcp_core::config::{Sources, load};

    fn read(variables: &[(&str, &str)]) -> Result<LoggingConfig, String> {
        let sources = Sources::new().variables(variables.iter().copied());
        let read = load::<LoggingConfig>(&sources, &[]);
        read.map(|(config, _)| config)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_filter_is_json_of_known_members() {
        let rules = r#"[{"method":"GET","path":"/health*"},{"userAgent":"probe"}]"#;
        let config = read(&[("LOG_FILTER", rules)]).unwrap();
        assert_eq!(config.silences.len(), 2);
        let usual = read(&[]).unwrap();
        assert_eq!(usual.silences, Silence::of_probes());
        for bad in [
            "{}",
            "[",
            "health",
            r#"[{"route":"/x"}]"#,
            r#"[{"path":1}]"#,
        ] {
            let told = read(&[("LOG_FILTER", bad)]).unwrap_err();
            assert!(
                told.contains("LOG_FILTER (environment): expected"),
                "{told}"
            );
        }
    }

    #[test]
    fn the_audit_stream_goes_beside_the_log_nowhere_or_to_a_file() {
        let audit = |value| read(&[("LOG_AUDIT", value)]).map(|config| config.audit);
        assert!(matches!(
            audit("on").unwrap(),
            AuditDestination::BesideTheLog
        ));
        assert!(matches!(audit("Off").unwrap(), AuditDestination::Off));
        let told = audit("/no/such/folder/audit.jsonl").unwrap_err();
        assert!(told.contains("LOG_AUDIT (environment): expected"), "{told}");
    }

    #[test]
    fn silent_fatal_and_the_short_form_of_json() {
        let config = read(&[("LOG_LEVEL", "Silent"), ("LOG_JSON", "1")]).unwrap();
        assert_eq!(config.level, LevelFilter::OFF);
        assert_eq!(config.format, LogFormat::Json);
        let config = read(&[("LOG_LEVEL", "fatal"), ("LOG_DESTINATION", "stdout")]).unwrap();
        assert_eq!(config.level, LevelFilter::ERROR);
        assert_eq!(config.destination, LogDestination::Stdout);
    }
}
