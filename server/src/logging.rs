//! Structured logs on stderr; stdout belongs to the protocol.

use tracing_subscriber::fmt;

use crate::config::{LogFormat, LoggingConfig};

/// Starts logging. Later calls in one process change nothing, so tests may start many servers.
pub(crate) fn start(config: LoggingConfig) {
    let builder = fmt()
        .with_max_level(config.level)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false);
    let result = match config.format {
        LogFormat::Pretty => builder.try_init(),
        LogFormat::Condensed => builder.compact().without_time().try_init(),
        LogFormat::Verbose => builder.with_target(true).with_thread_ids(true).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    drop(result);
}
