//! The two things a script does in this world: waiting, and writing a line to a file.

use std::time::Duration;

/// How long the `sleep`s of a script take together.
pub(super) fn duration(script: &[&str]) -> Option<Duration> {
    let waits = script.iter().filter_map(|line| {
        let rest = line.trim().strip_prefix("sleep ")?;
        let word = rest.split_whitespace().next()?;
        let (number, unit) = match word.find(|c: char| c.is_ascii_alphabetic()) {
            Some(at) => (word.get(..at)?, word.get(at..)?),
            None => (word, "s"),
        };
        let factor = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let seconds: u64 = number.parse().ok()?;
        seconds.checked_mul(factor)
    });
    let seconds = waits.fold(0_u64, u64::saturating_add);
    // A year is long enough, and still a time the calendar knows.
    (seconds > 0).then(|| Duration::from_secs(seconds.min(31_536_000)))
}

/// The files a script writes with `echo text > file` and `echo text >> file`.
pub(super) fn files(script: &[&str]) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    for line in script {
        let Some(rest) = line.trim().strip_prefix("echo ") else {
            continue;
        };
        let Some((text, path)) = rest.split_once('>') else {
            continue;
        };
        let (append, path) = match path.strip_prefix('>') {
            Some(path) => (true, path.trim()),
            None => (false, path.trim()),
        };
        if path.is_empty() || path.contains(' ') || path.split('/').any(|part| part == "..") {
            continue;
        }
        let text = text.trim();
        let text = ['"', '\'']
            .iter()
            .find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote))
            .unwrap_or(text);
        let content = format!("{text}\n").into_bytes();
        let known = files.iter_mut().find(|(name, _)| name == path);
        match known {
            Some((_, former)) if append => former.extend(content),
            Some((_, former)) => *former = content,
            None => files.push((path.to_owned(), content)),
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeping_takes_time() {
        assert_eq!(
            duration(&["sleep 24h  # no end"]),
            Some(Duration::from_hours(24))
        );
        assert_eq!(
            duration(&["sleep 2", "sleep 1m"]),
            Some(Duration::from_secs(62))
        );
        assert_eq!(duration(&["make", "sleep soon"]), None);
    }

    #[test]
    fn redirections_make_files() {
        let script = [
            "echo \"test\" > a.txt",
            "echo more >> a.txt",
            "echo no > ../b",
        ];
        assert_eq!(
            files(&script),
            [("a.txt".to_owned(), b"test\nmore\n".to_vec())]
        );
    }
}
