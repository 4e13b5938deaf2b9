//! `gitlab-mcp config check` and `gitlab-mcp config print`.

use std::process::ExitCode;

use gitlab_mcp_core::config::Sources;
use gitlab_mcp_core::config::print::{as_json, as_text, effective};
use gitlab_mcp_core::plugin::Plugin;

use super::{print, serve};
use crate::build::{Linked, StartError};

/// Says what is wrong with the configuration, or that nothing is.
pub(super) fn check(sources: &Sources, plugins: &[Plugin]) -> Result<ExitCode, StartError> {
    let started = serve::runtime()?.block_on(crate::start(sources, plugins))?;
    for warning in &started.warnings {
        print::error(&format!("warning: {warning}"));
    }
    print::out(&format!(
        "the configuration is valid: auth mode {} ({}), GitLab {}",
        started.app.mode,
        started.because,
        started.instance.base(),
    ));
    Ok(ExitCode::SUCCESS)
}

/// Prints the effective values and where they come from; secrets only as set or unset.
pub(super) fn print(
    sources: &Sources,
    linked: &Linked,
    json: bool,
) -> Result<ExitCode, StartError> {
    let reader = linked.reader(sources)?;
    let rows = effective(&reader);
    print::out(&if json {
        format!("{:#}", as_json(&rows))
    } else {
        as_text(&rows)
    });
    Ok(ExitCode::SUCCESS)
}
