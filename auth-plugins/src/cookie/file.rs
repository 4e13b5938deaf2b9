//! The cookie file: has it changed, and what does it hold. The format is the one of Netscape, as
//! curl and browser extensions write it: <https://curl.se/docs/http-cookies.html>

use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::SystemTime;

use cookie_store::{CookieDomain, CookiePath};
use url::Host;
use zeroize::Zeroizing;

use super::jar::{Cookie, Reach};

/// The largest file, in bytes.
const LIMIT: u64 = 1024 * 1024;

/// How many numbers of bad lines are kept to be shown.
const SHOWN: usize = 20;

/// What tells two states of a file apart without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Stamp {
    fn of(found: &Metadata) -> Self {
        Self {
            modified: found.modified().ok(),
            length: found.len(),
            inode: inode(found),
        }
    }
}

#[cfg(unix)]
fn inode(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(found)
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> u64 {
    0
}

/// Why the file is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FileError {
    #[error("the file does not exist")]
    Missing,
    #[error("it is not a file")]
    NotAFile,
    #[error("it cannot be read ({0})")]
    Unreadable(io::ErrorKind),
    #[error("it is larger than 1 MiB")]
    TooLarge,
    #[error("it is being written")]
    Changing,
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            kind => Self::Unreadable(kind),
        }
    }
}

/// The file by its name.
#[derive(Debug)]
pub(super) struct CookieFile(PathBuf);

impl CookieFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Follows links, so that a link moved to another file counts as a change.
    pub(super) fn stamp(&self) -> Result<Stamp, FileError> {
        let found = fs::metadata(&self.0)?;
        // Opening a pipe would wait for whoever writes into it.
        if !found.is_file() {
            return Err(FileError::NotAFile);
        }
        Ok(Stamp::of(&found))
    }

    /// What is in the file at second `now`, and the stamp of what was read.
    pub(super) fn read(&self, now: i64) -> Result<(Stamp, Content), FileError> {
        let before = self.stamp()?;
        if before.length > LIMIT {
            return Err(FileError::TooLarge);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        let limited = File::open(&self.0)?.take(LIMIT.saturating_add(1));
        let length = { limited }.read_to_end(&mut bytes)?;
        if self.stamp()? != before || u64::try_from(length) != Ok(before.length) {
            return Err(FileError::Changing);
        }
        Ok((before, Content::parse(&bytes, now)))
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Those that have not expired.
    pub(super) cookies: Vec<Cookie>,
    /// How many have.
    pub(super) expired: usize,
    /// The first numbers of lines that are of no use, counted from 1.
    pub(super) bad_lines: Vec<usize>,
    /// How many lines are of no use.
    pub(super) bad: usize,
    /// The last line has no end.
    pub(super) is_open: bool,
    /// The last line has no end and is of no use: the rest of it is not there yet.
    pub(super) is_cut: bool,
}

impl Content {
    /// Reads `bytes` at second `now` of the Unix era.
    pub(super) fn parse(bytes: &[u8], now: i64) -> Self {
        let mut content = Self {
            is_open: !bytes.is_empty() && !bytes.ends_with(b"\n"),
            ..Self::default()
        };
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut last_is_bad = false;
        for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1_usize..) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let read = read_line(line);
            last_is_bad = read.is_err();
            match read {
                Ok(None) => {}
                Ok(Some(cookie)) if cookie.has_expired(now) => content.expired += 1,
                Ok(Some(cookie)) => content.cookies.push(cookie),
                Err(BadLine) => {
                    content.bad += 1;
                    if content.bad_lines.len() < SHOWN {
                        content.bad_lines.push(number);
                    }
                }
            }
        }
        content.is_cut = content.is_open && last_is_bad;
        content
    }

    /// The bad lines by their numbers.
    pub(super) fn complaint(&self) -> String {
        let numbers: Vec<String> = self.bad_lines.iter().map(ToString::to_string).collect();
        let more = self.bad.saturating_sub(numbers.len());
        let more = if more == 0 {
            String::new()
        } else {
            format!(" and {more} more")
        };
        format!(
            "the lines {}{more} hold no usable cookie",
            numbers.join(", ")
        )
    }

    /// Whether nothing suggests that somebody is still writing it.
    pub(super) fn is_whole(&self) -> bool {
        self.bad == 0 && !self.is_open && self.cookies.len() + self.expired > 0
    }
}

/// Says nothing about the line: every part of it may be the secret.
#[derive(Debug, PartialEq, Eq)]
struct BadLine;

/// A cookie, or `None` for a line without one.
fn read_line(line: &[u8]) -> Result<Option<Cookie>, BadLine> {
    let text = std::str::from_utf8(line).map_err(|_| BadLine)?;
    let text = text.strip_prefix("#HttpOnly_").unwrap_or(text);
    if text.trim().is_empty() || text.starts_with('#') {
        return Ok(None);
    }
    let mut columns = text.split('\t');
    let mut next = || columns.next().ok_or(BadLine);
    let (domain, subdomains, path) = (next()?, flag(next()?)?, next()?);
    let (secure, expires) = (flag(next()?)?, next()?);
    let (name, value) = (next()?, next()?);
    let reach = Reach {
        domain: domain_of(domain, subdomains)?,
        path: CookiePath::parse(path).ok_or(BadLine)?,
        secure,
        expires: end(expires.trim())?,
    };
    Cookie::new(name, value, reach).map(Some).ok_or(BadLine)
}

/// The second at which it expires; 0, or nothing as Python writes it, lasts as long as the browser.
fn end(text: &str) -> Result<Option<i64>, BadLine> {
    match text {
        "" | "0" => Ok(None),
        second => second.parse().map(Some).map_err(|_| BadLine),
    }
}

fn flag(text: &str) -> Result<bool, BadLine> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Ok(true),
        _ if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(BadLine),
    }
}

/// The domain in the form in which a URL shows its host.
fn domain_of(text: &str, subdomains: bool) -> Result<CookieDomain, BadLine> {
    let text = text.strip_prefix('.').unwrap_or(text);
    let host = Host::parse(text).map_err(|_| BadLine)?;
    Ok(match host {
        Host::Domain(name) if subdomains => CookieDomain::Suffix(name),
        host => CookieDomain::HostOnly(host.to_string()),
    })
}

#[cfg(test)]
mod tests;
