//! `--state FILE`: an instance that remembers. Not the world is written down but what
//! was asked of it: the same requests at the same times make the same world again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::request::Request;

/// A request as it is written: one JSON object per line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// When it ran.
    pub(crate) at: Timestamp,
    /// How many ids had been drawn before.
    pub(crate) drawn: u64,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    /// Base64.
    body: String,
    address: IpAddr,
}

impl Entry {
    pub(crate) fn of(request: &Request, at: Timestamp, drawn: u64) -> Self {
        Self {
            at,
            drawn,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: STANDARD.encode(&request.body),
            address: request.address,
        }
    }

    /// The request again. It comes over no connection.
    pub(crate) fn request(self) -> Request {
        Request {
            method: self.method,
            path: self.path,
            query: self.query,
            headers: self.headers,
            body: Bytes::from(STANDARD.decode(self.body).unwrap_or_default()),
            connection: 0,
            address: self.address,
            from_loopback: true,
        }
    }
}

/// Whether a request can change the world. Pages do even when they are read: they
/// open sessions.
pub(crate) fn matters(request: &Request) -> bool {
    let edits = ["/-/mock/edit", "/-/mock/quirks"];
    if request.path.starts_with("/-/mock/") {
        return edits.contains(&request.path.as_str());
    }
    !request.is_read() || !request.path.starts_with("/api/")
}

/// The file, open for more.
#[derive(Debug)]
pub(crate) struct Journal(Mutex<File>);

impl Journal {
    /// Opens the file, made if need be, and reads what it holds. A last line that was
    /// cut off by a crash is left out.
    pub(crate) fn open(path: &Path) -> io::Result<(Self, Vec<Entry>)> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)?;
        let mut entries = Vec::new();
        for line in BufReader::new(&file).lines() {
            match serde_json::from_str(&line?) {
                Ok(entry) => entries.push(entry),
                Err(_) => break,
            }
        }
        Ok((Self(Mutex::new(file)), entries))
    }

    /// Appends a request. A full disk is reported and does not fail the request.
    pub(crate) fn write(&self, entry: &Entry) {
        let Ok(mut line) = serde_json::to_vec(entry) else {
            return;
        };
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(&line) {
            tracing::warn!(%error, "the state file cannot be written");
        }
    }
}
