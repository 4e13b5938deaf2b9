//! Changes proposed in a note. <https://docs.gitlab.com/api/suggestions/>

use serde_json::Value;

use crate::world::{Note, Noteable, World};

/// One proposed change of some lines.
#[derive(Clone, Debug)]
pub struct Suggestion {
    /// Number on the instance.
    pub id: u64,
    /// First line it replaces.
    pub from_line: u64,
    /// Last line it replaces.
    pub to_line: u64,
    /// What comes instead.
    pub to_content: String,
    /// Whether it was taken.
    pub applied: bool,
}

impl World {
    /// The blocks `suggestion:-1+0` of a text, read against the line of its position.
    pub(super) fn read_suggestions(
        &mut self,
        body: &str,
        position: Option<&Value>,
    ) -> Vec<Suggestion> {
        let line = position
            .and_then(|position| position.get("new_line"))
            .and_then(Value::as_u64);
        let Some(line) = line else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (above, below, content) in blocks(body) {
            found.push(Suggestion {
                id: self.next_id("suggestion"),
                from_line: line.saturating_sub(above).max(1),
                to_line: line.saturating_add(below),
                to_content: content,
                applied: false,
            });
        }
        found
    }
}

impl World {
    /// The lines a suggestion would replace, as they stood when it was made.
    pub fn suggested_lines(&self, note: &Note, suggestion: &Suggestion) -> String {
        let text = || {
            let Noteable::MergeRequest(id) = note.noteable else {
                return None;
            };
            let repository = self.source_repository(self.merge_requests.get(&id)?)?;
            let place = |name: &str| note.position.as_ref()?.get(name)?.as_str();
            let commit = repository.commit(place("head_sha")?)?;
            let entry = repository.entry_at(commit, place("new_path")?)?;
            Some(String::from_utf8_lossy(repository.blob(&entry.id)?).into_owned())
        };
        let text = text().unwrap_or_default();
        let numbered = text.split_inclusive('\n').zip(1_u64..);
        let reach = suggestion.from_line..=suggestion.to_line;
        numbered
            .filter(|(_, number)| reach.contains(number))
            .map(|(line, _)| line)
            .collect()
    }
}

/// Lines above, lines below and text of each block.
fn blocks(body: &str) -> Vec<(u64, u64, String)> {
    let mut found = Vec::new();
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        let ticks = line.chars().take_while(|letter| *letter == '`').count();
        let info = line.trim_start_matches('`').trim();
        let Some(range) = info.strip_prefix("suggestion").filter(|_| ticks >= 3) else {
            continue;
        };
        let range = range.trim_start_matches(":-");
        let (above, below) = range.split_once('+').unwrap_or(("0", "0"));
        let fence = "`".repeat(ticks);
        let mut content = String::new();
        for line in lines.by_ref().take_while(|line| line.trim() != fence) {
            content.push_str(line);
            content.push('\n');
        }
        found.push((
            above.parse().unwrap_or(0),
            below.parse().unwrap_or(0),
            content,
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_says_how_far_it_reaches() {
        let body = "Better:\n````suggestion:-2+1\nlet a = 1;\n```\n````\nthanks";
        assert_eq!(blocks(body), [(2, 1, "let a = 1;\n```\n".to_owned())]);
        assert_eq!(blocks("```rust\nx\n```"), []);
    }
}
