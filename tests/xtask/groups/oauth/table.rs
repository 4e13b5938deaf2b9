//! The table of `docs/oauth-clients.md`: what the run has shown, and nothing else.

use std::fmt::Write as _;

use super::clients::Client;
use crate::report::Outcome;
use crate::workbench::Workbench;

const DOCUMENT: &str = "docs/oauth-clients.md";
const HEAD: &str = "\
# MCP clients that sign in by themselves

Each client was given the URL of the server and nothing else: it found the authorization server,
registered, opened the pages for a person, read and wrote as that person, and went on by a silent
refresh when its access token and GitLab's had run out. `cargo xtask test --only oauth` repeats this
and fails when a line is not true; `cargo xtask test --only oauth --write` writes this file.

| setting | variables | redirect URI of the GitLab application |
|---|---|---|
| proxy | `GITLAB_MCP_OAUTH=true`, `GITLAB_OAUTH_CALLBACK_PROXY=true` | `MCP_SERVER_URL/callback` |
| passthrough | `GITLAB_MCP_OAUTH=true` | that of the client, last column |
| session | `OAUTH_ENABLED=true` | `MCP_SERVER_URL/oauth/callback` |
| sealed | as proxy, with `OAUTH_STATELESS_MODE=true` | `MCP_SERVER_URL/callback` |
| GitLab's tokens | as proxy, with `OAUTH_TOKEN_FORMAT=gitlab` | `MCP_SERVER_URL/callback` |

GitLab ignores the port of `127.0.0.1` and `[::1]`. With the name `localhost` the port counts: the
client has to be told to listen on the one that is registered.

";

/// What a case has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
    /// It works.
    Works,
    /// It does not.
    Fails,
    /// It could not run here.
    NotRun,
}

impl Cell {
    /// What the outcome of a case says.
    pub(super) fn of(played: &Result<(), Outcome>) -> Self {
        match played {
            Ok(()) | Err(Outcome::Passed) => Self::Works,
            Err(Outcome::Failed(_)) => Self::Fails,
            Err(Outcome::Skipped(_)) => Self::NotRun,
        }
    }

    const fn text(&self) -> &'static str {
        match self {
            Self::Works => "yes",
            Self::Fails => "no",
            Self::NotRun => "?",
        }
    }
}

/// Rows in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    title: &'static str,
    redirect: &'static str,
    cells: Vec<Cell>,
}

impl Table {
    /// Adds what a case has shown; the settings of a client come in their order.
    pub(super) fn add(&mut self, client: &Client, cell: Cell) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.title == client.title) {
            row.cells.push(cell);
            return;
        }
        self.rows.push(Row {
            title: client.title,
            redirect: client.redirect,
            cells: vec![cell],
        });
    }

    /// Compares with the document, or writes it.
    pub(super) fn settle(&self, workbench: &Workbench) -> Result<(), Outcome> {
        if self.has(&Cell::NotRun) {
            let text = "not every client could run here".to_owned();
            return Err(Outcome::Skipped(text));
        }
        if self.has(&Cell::Fails) && workbench.writes() {
            let text = format!("{DOCUMENT} is left as it is: a client has failed");
            return Err(Outcome::Failed(text));
        }
        let path = workbench.root().join(DOCUMENT);
        let text = self.render();
        if workbench.writes() {
            return std::fs::write(&path, &text)
                .map_err(|error| Outcome::Failed(format!("{DOCUMENT}: {error}")));
        }
        if std::fs::read_to_string(&path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        let text = format!("{DOCUMENT} is not what this run has shown:\n{text}");
        Err(Outcome::Failed(text))
    }

    fn has(&self, wanted: &Cell) -> bool {
        let mut cells = self.rows.iter().flat_map(|row| &row.cells);
        cells.any(|cell| cell == wanted)
    }

    fn render(&self) -> String {
        let mut text = HEAD.to_owned();
        text.push_str(
            "| client | proxy | passthrough | session | sealed | GitLab's tokens | redirect URI of the \
             client |\n",
        );
        text.push_str("|---|---|---|---|---|---|---|\n");
        for row in &self.rows {
            let cells: Vec<&str> = row.cells.iter().map(Cell::text).collect();
            let (title, redirect) = (row.title, row.redirect);
            // Writing to a string cannot fail.
            writeln!(text, "| {title} | {} | `{redirect}` |", cells.join(" | ")).ok();
        }
        text
    }
}
