//! A clock that runs, and that another process can put forward.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use gitlab_mcp_core::clock::{Clock, SystemClock};

/// Names the file that says by how many seconds the clock is ahead.
const VARIABLE: &str = "UNDER_TEST_CLOCK";

/// The clock of the machine, put forward by what a file says whenever it is asked.
#[derive(Debug)]
pub(crate) struct MovedClock {
    machine: SystemClock,
    file: PathBuf,
}

impl MovedClock {
    /// The clock of this process, when its environment asks for one.
    pub(crate) fn from_environment() -> Option<Self> {
        std::env::var_os(VARIABLE).map(|file| Self {
            machine: SystemClock::new(),
            file: file.into(),
        })
    }

    /// Nothing, when the file is not there.
    fn ahead(&self) -> Duration {
        let seconds = std::fs::read_to_string(&self.file);
        let seconds = seconds.ok().and_then(|text| text.trim().parse().ok());
        Duration::from_secs(seconds.unwrap_or_default())
    }
}

impl Clock for MovedClock {
    fn now(&self) -> SystemTime {
        self.machine.now() + self.ahead()
    }

    fn monotonic(&self) -> Duration {
        self.machine.monotonic() + self.ahead()
    }
}
