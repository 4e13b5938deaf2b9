//! Job logs: <https://docs.gitlab.com/api/jobs/#get-a-log-file>,
//! markers: <https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections>

use regex::Regex;
use serde_json::{Map, json};

use super::Pipelines;
use crate::prelude::*;

const LINES: u32 = 200;

/// Read a part of a job's log, its end unless told otherwise.
#[derive(Debug, Deserialize, JsonSchema)]
struct GetPipelineJobOutput {
    /// Project ID or path.
    project_id: ProjectId,
    /// Job ID.
    job_id: Iid,
    /// Lines to show (200).
    #[schemars(range(min = 1, max = 1000), extend("x-aliases" = ["per_page"]))]
    limit: Option<u32>,
    /// Lines to leave out at the end (0).
    #[schemars(range(min = 0))]
    offset: Option<u32>,
    /// First line, counted from 0; negative counts from the end.
    start: Option<i64>,
}

/// The log as a person reads it: without colors and section markers, the last state of lines that
/// overwrite themselves.
fn plain(log: &str) -> String {
    let codes = [
        r"section_(?:start|end):\d+:[^\r\n\x1b]*\r?",
        r"\x1b\[[0-?]*[ -/]*[@-~]",
        r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)",
    ];
    let Ok(codes) = Regex::new(&codes.join("|")) else {
        return log.to_owned();
    };
    let mut text = String::with_capacity(log.len());
    for line in codes.replace_all(log, "").lines() {
        let last = line.rsplit('\r').find(|state| !state.is_empty());
        text.push_str(last.unwrap_or_default());
        text.push('\n');
    }
    text
}

/// Where a window that ends before line `end` starts, so that its last lines fit the budget.
fn start_of_tail(text: &str, end: usize, limit: usize, budget: usize) -> usize {
    let lines: Vec<&str> = text.lines().take(end).collect();
    let mut room = budget;
    let fits = lines.iter().rev().take(limit).take_while(|line| {
        let size = line.len() + 1;
        let fits = size <= room;
        room = room.saturating_sub(size);
        fits
    });
    let shown = fits.count().max(usize::from(end > 0));
    lines.len() - shown.min(lines.len())
}

#[async_trait]
impl Tool for GetPipelineJobOutput {
    const NAME: &'static str = "get_pipeline_job_output";
    type Set = Pipelines;
    const FACTS: Facts = Facts::read().answers(Answers::Text);

    async fn call(self, context: &Context) -> Result<ToolOutput, ToolError> {
        if self.offset.is_some() && self.start.is_some() {
            return Err(ToolError::argument(
                "offset",
                "give offset or start, not both",
            ));
        }
        let job = self.job_id.0.to_string();
        let segments = [
            ("project_id", self.project_id.as_str()),
            ("job_id", job.as_str()),
        ];
        let path = "projects/{project_id}/jobs/{job_id}/trace";
        let answer = context.send(ApiRequest::get(path, &segments)?).await?;
        let text = plain(&answer.text());
        let limit = self.limit.unwrap_or(LINES) as usize;
        let mut about = Map::new();
        about.insert("job_id".to_owned(), self.job_id.0.into());
        if let Some(start) = self.start {
            return Ok(context.window(about, &text, start, limit));
        }
        let total = text.lines().count();
        let end = total.saturating_sub(self.offset.unwrap_or_default() as usize);
        let start = start_of_tail(&text, end, limit, context.settings.result_bytes);
        if start > 0 {
            let earlier = json!({ "job_id": self.job_id, "offset": total - start });
            about.insert("earlier".to_owned(), earlier);
        }
        let first = i64::try_from(start).unwrap_or(i64::MAX);
        Ok(context.window(about, &text, first, end - start))
    }
}

register_tool!(GetPipelineJobOutput);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_markers_and_overwritten_states_are_gone() {
        let log = "\x1b[0KRunning\x1b[0;m\n\
                   section_start:1560896352:build[collapsed=true]\r\x1b[0K\x1b[36;1mBuild\x1b[0m\r\n\
                   10%\r50%\r100%\n\
                   section_end:1560896353:build\r\x1b[0Kdone\n\
                   \x1b]0;title\x07end";
        assert_eq!(plain(log), "Running\nBuild\n100%\ndone\nend\n");
    }

    #[test]
    fn a_tail_ends_at_the_last_line_and_keeps_its_end_when_the_budget_is_short() {
        let text = "aa\nbb\ncc\ndd\n";
        assert_eq!(start_of_tail(text, 4, 2, 100), 2);
        assert_eq!(start_of_tail(text, 4, 9, 100), 0);
        assert_eq!(start_of_tail(text, 3, 2, 100), 1);
        assert_eq!(start_of_tail(text, 4, 4, 6), 2);
        assert_eq!(start_of_tail(text, 4, 4, 1), 3);
        assert_eq!(start_of_tail("", 0, 4, 100), 0);
    }
}
