//! `cargo xtask test`: every test, those that need more than Rust included.
//!
//! | file | what it does |
//! |---|---|
//! | `arguments` | reads the command line |
//! | `groups` | the table of groups, one file each |
//! | `workbench` | what the groups share: the root, the report, lazily made tools and binaries |
//! | `packages` | installs the pinned Node and Python packages into a cache folder |
//! | `process`, `server` | children with a deadline, ended by the id of their process group |
//! | `report` | one line per case, and the closing line |

mod arguments;
mod groups;
mod packages;
mod process;
mod report;
mod server;
mod workbench;

use std::process::ExitCode;

use arguments::Arguments;
use workbench::Workbench;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)) {
        Ok(Arguments::Help) => {
            report::say(arguments::USAGE);
            ExitCode::SUCCESS
        }
        Ok(Arguments::List) => {
            for group in &groups::ALL {
                report::say(&format!("{:16} {}", group.name, group.about));
            }
            ExitCode::SUCCESS
        }
        Ok(Arguments::Test { only, write }) => test(&only, write),
        Err(problem) => {
            report::say(&format!("{problem}\n\n{}", arguments::USAGE));
            ExitCode::from(2)
        }
    }
}

fn test(only: &[String], write: bool) -> ExitCode {
    let mut workbench = match Workbench::new(write) {
        Ok(workbench) => workbench,
        Err(problem) => {
            report::say(&problem);
            return ExitCode::from(2);
        }
    };
    for group in &groups::ALL {
        if only.is_empty() || only.iter().any(|name| name == group.name) {
            (group.run)(&mut workbench);
        }
    }
    let report = workbench.finish();
    report::say(&report.closing_line());
    if report.is_green() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
