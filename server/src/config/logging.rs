//! What is logged, and how.

use gitlab_mcp_core::config::{Kind, Reader, Section, Setting};
use tracing::level_filters::LevelFilter;

static LEVEL: Setting = Setting::new(
    "LOG_LEVEL",
    Kind::OneOf(&["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    "least important log line that is written",
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

/// What is logged, and how.
#[derive(Debug, Clone, Copy)]
pub struct LoggingConfig {
    /// Least important line that is written.
    pub level: LevelFilter,
    /// Form of the lines.
    pub format: LogFormat,
}

impl Section for LoggingConfig {
    const SETTINGS: &'static [&'static Setting] = &[&LEVEL, &FORMAT, &JSON];

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
        Self { level, format }
    }
}
