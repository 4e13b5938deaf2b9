//! Lines of the input, with a limit: a longer line is skipped to its end, and reading goes on.

use std::io;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// Longest line in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// One line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Without its end.
    Whole(Vec<u8>),
    /// Longer than the limit; it was not kept.
    TooLong,
}

/// Reads lines. Dropping the future of [`LineReader::next`] loses nothing.
#[derive(Debug)]
pub(super) struct LineReader<R> {
    input: R,
    part: Vec<u8>,
    skipping: bool,
    longest: usize,
}

impl<R: AsyncBufRead + Unpin> LineReader<R> {
    /// Reads from `input`.
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            part: Vec::new(),
            skipping: false,
            longest: LONGEST,
        }
    }

    /// The next line, or `None` at the end.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            let available = self.input.fill_buf().await?;
            if available.is_empty() {
                let rest = std::mem::take(&mut self.part);
                let whole = !rest.is_empty() && !self.skipping;
                return Ok(whole.then_some(Line::Whole(rest)));
            }
            let end = available.iter().position(|byte| *byte == b'\n');
            let piece = available.get(..end.unwrap_or(available.len()));
            let piece = piece.unwrap_or_default();
            if !self.skipping {
                if self.part.len() + piece.len() > self.longest {
                    self.skipping = true;
                    self.part = Vec::new();
                } else {
                    self.part.extend_from_slice(piece);
                }
            }
            let used = piece.len() + usize::from(end.is_some());
            self.input.consume(used);
            if end.is_some() {
                let line = std::mem::take(&mut self.part);
                return Ok(Some(if std::mem::take(&mut self.skipping) {
                    Line::TooLong
                } else {
                    Line::Whole(line)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_long_line_is_skipped_and_the_next_one_read() {
        let text = b"one\n0123456789ABCDEF\n\r\nlast".as_slice();
        let mut reader = LineReader::new(tokio::io::BufReader::with_capacity(4, text));
        reader.longest = 8;
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            lines.push(line);
        }
        assert_eq!(
            lines,
            [
                Line::Whole(b"one".to_vec()),
                Line::TooLong,
                Line::Whole(b"\r".to_vec()),
                Line::Whole(b"last".to_vec()),
            ]
        );
    }
}
