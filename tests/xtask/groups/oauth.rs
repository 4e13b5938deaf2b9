//! MCP clients that sign in by themselves: each is given the URL of the server and nothing else, in
//! each way the authorization server can be set up. A person (`tests/clients/oauth_person.py`) goes
//! through the pages once; when every access token has run out, the client goes on without them.

mod clients;
mod stage;
mod table;

use crate::workbench::Workbench;
use clients::{CLIENTS, OF_BROWSER};
use stage::{Setting, conformance, play, with_chromium};
use table::{Cell, Table};

/// Runs every client in every setting, and compares the table in the documentation with the run.
pub(super) fn run(workbench: &mut Workbench) {
    let mut table = Table::default();
    for client in &CLIENTS {
        for setting in Setting::ALL {
            let name = format!("oauth/{}-{}", client.name(), setting.name());
            let mut cell = Cell::NotRun;
            workbench.case(&name, |workbench| {
                let played = play(workbench, client, setting);
                cell = Cell::of(&played);
                played
            });
            table.add(client, cell);
        }
    }
    for setting in Setting::WITH_PAGES {
        workbench.case(&format!("oauth/chromium-{}", setting.name()), |workbench| {
            with_chromium(workbench, OF_BROWSER, setting)
        });
    }
    for setting in [
        Setting::Proxy,
        Setting::Session,
        Setting::Sealed,
        Setting::GitLabTokens,
    ] {
        let name = format!("oauth/conformance-{}", setting.name());
        workbench.case(&name, |workbench| conformance(workbench, setting));
    }
    workbench.case("oauth/the-table-is-true", |workbench| {
        table.settle(workbench)
    });
}
