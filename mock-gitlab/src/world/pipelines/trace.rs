//! What a job prints, with the colours and section marks of a real runner.
//! <https://docs.gitlab.com/api/jobs/#retrieve-a-job-log-file>

use super::Job;

const BOLD_CYAN: &str = "\u{1b}[0K\u{1b}[36;1m";
const BOLD_GREEN: &str = "\u{1b}[32;1m";
const BOLD_RED: &str = "\u{1b}[31;1m";
const RESET: &str = "\u{1b}[0;m";

impl Job {
    /// The log as far as it has come: nothing before the start, half while running.
    pub fn trace(&self) -> String {
        let Some(started) = self.started_at.filter(|_| self.erased_at.is_none()) else {
            return String::new();
        };
        if self.runner.is_some() {
            return String::from_utf8_lossy(&self.written).into_owned();
        }
        if let Some(size) = self.log_size {
            return long(size);
        }
        let mut text = head(started.as_seconds());
        if self.log.is_empty() {
            text.extend([BOLD_GREEN, "$ make ", &self.name, RESET, "\n"]);
            text.push_str("Nothing out of tune.\n");
        } else {
            text.push_str(&self.log);
        }
        if self.status == "running" {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            return lines
                .iter()
                .take(lines.len().div_ceil(2))
                .copied()
                .collect();
        }
        text.push_str(&foot(self));
        text
    }
}

fn head(at: i64) -> String {
    let section = |name: &str, title: &str, lines: &str, from: i64| {
        format!(
            "section_start:{from}:{name}\r{BOLD_CYAN}{title}{RESET}{RESET}\n{lines}\
             section_end:{}:{name}\r\u{1b}[0K",
            from + 1
        )
    };
    let runner = format!(
        "{BOLD_CYAN}Running with gitlab-runner 19.5.0 (4d2f6e1b){RESET}\n  on bench-2 tHz9xQ4k, system ID: s_7b1c\n"
    );
    let prepare = section(
        "prepare_executor",
        "Preparing the \"docker\" executor",
        "Using Docker executor with image rust:1.90 ...\n",
        at,
    );
    let sources = section(
        "get_sources",
        "Getting source from Git repository",
        "Fetching changes with git depth set to 20...\n",
        at + 1,
    );
    format!(
        "{runner}{prepare}{sources}section_start:{}:step_script\r{BOLD_CYAN}Executing \"step_script\" \
         stage of the job script{RESET}{RESET}\n",
        at + 2
    )
}

fn foot(job: &Job) -> String {
    let end = job
        .finished_at
        .map_or(0, crate::clock::Timestamp::as_seconds);
    let verdict = match job.status.as_str() {
        "failed" => format!("{BOLD_RED}ERROR: Job failed: exit code 101\n{RESET}\n"),
        "canceled" => format!("{BOLD_RED}ERROR: Job failed: canceled\n{RESET}\n"),
        _ => format!("{BOLD_GREEN}Job succeeded{RESET}\n"),
    };
    format!("section_end:{end}:step_script\r\u{1b}[0K{verdict}")
}

/// A long log: numbered lines, so that a reader sees where a window begins.
fn long(size: usize) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(size + 80);
    let mut line = 0_u64;
    while text.len() < size {
        line += 1;
        let tooth = line % 18;
        // Writing to a String cannot fail.
        writeln!(
            text,
            "line {line}: \u{1b}[36mtooth {tooth:>2}\u{1b}[0m in tune"
        )
        .ok();
    }
    text
}
