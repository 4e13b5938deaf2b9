//! Structured logs, on stderr unless the operator chose stdout and no protocol speaks there.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use crate::config::{LogDestination, LogFormat, LoggingConfig};

/// Libraries that report every request, and every client that leaves, as if it mattered.
const QUIET: [&str; 4] = ["rmcp", "hyper", "hyper_util", "reqwest"];

/// Starts logging. Later calls in one process change nothing, so tests may start many servers.
pub(crate) fn start(config: &LoggingConfig) {
    let mut targets = Targets::new().with_default(config.level);
    if config.level < LevelFilter::DEBUG {
        targets = targets.with_targets(QUIET.map(|library| (library, LevelFilter::OFF)));
    }
    let layer = fmt::layer()
        .with_writer(match config.destination {
            LogDestination::Stderr => BoxMakeWriter::new(std::io::stderr),
            LogDestination::Stdout => BoxMakeWriter::new(std::io::stdout),
        })
        .with_ansi(false)
        .with_target(false);
    let layer = match config.format {
        LogFormat::Pretty => layer.boxed(),
        LogFormat::Condensed => layer.compact().without_time().boxed(),
        LogFormat::Verbose => layer.with_target(true).with_thread_ids(true).boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    drop(
        tracing_subscriber::registry()
            .with(layer.with_filter(targets))
            .try_init(),
    );
}
