//! Structured logs, on stderr unless the operator chose stdout and no protocol speaks there.

use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use gitlab_mcp_core::audit;

use crate::config::{AuditDestination, LogDestination, LogFormat, LoggingConfig};

/// Libraries that report every request, and every client that leaves, as if it mattered.
const QUIET: [&str; 4] = ["rmcp", "hyper", "hyper_util", "reqwest"];

/// Starts logging. Later calls in one process change nothing, so tests may start many servers.
pub(crate) fn start(config: &LoggingConfig) {
    let mut targets = Targets::new().with_default(config.level);
    if config.level < LevelFilter::DEBUG {
        targets = targets.with_targets(QUIET.map(|library| (library, LevelFilter::OFF)));
    }
    let targets = targets.with_target(audit::TARGET, LevelFilter::OFF);
    let layer = fmt::layer()
        .with_writer(writer(config.destination))
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
            .with(audit_layer(config))
            .try_init(),
    );
}

fn writer(destination: LogDestination) -> BoxMakeWriter {
    match destination {
        LogDestination::Stderr => BoxMakeWriter::new(std::io::stderr),
        LogDestination::Stdout => BoxMakeWriter::new(std::io::stdout),
    }
}

/// Events of the audit target and no others, as JSON, whatever the log looks like.
fn audit_layer<S>(config: &LoggingConfig) -> Option<impl tracing_subscriber::Layer<S>>
where
    S: tracing::Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let writer = match &config.audit {
        AuditDestination::Off => return None,
        AuditDestination::BesideTheLog => writer(config.destination),
        AuditDestination::File(file) => BoxMakeWriter::new(Arc::clone(file)),
    };
    let layer = fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(writer)
        .with_ansi(false);
    Some(layer.with_filter(Targets::new().with_target(audit::TARGET, LevelFilter::INFO)))
}
