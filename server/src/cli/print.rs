//! Where commands write. stdout is theirs alone: no command that prints serves a protocol.

use std::io::Write;

/// Writes lines for the person who ran the command. A closed pipe ends the output quietly.
pub(crate) fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    drop(writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()));
}

/// Writes a reason on stderr, whatever the log level is.
pub(crate) fn error(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}
