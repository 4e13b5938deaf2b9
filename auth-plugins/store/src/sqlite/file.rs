//! The file and its tables: made, tightened, checked, and moved aside when it is damaged.

use std::ffi::OsString;
use std::fs::{self, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

/// The layout of the tables; a file with a higher number belongs to a later release. A column with a
/// default needs no other number: statements name their columns, so both releases work on the file.
const LAYOUT: i64 = 1;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS record (
    namespace TEXT NOT NULL,
    key TEXT NOT NULL,
    bytes BLOB NOT NULL,
    rank INTEGER NOT NULL,
    version INTEGER NOT NULL,
    taken INTEGER,
    until INTEGER NOT NULL,
    PRIMARY KEY (namespace, key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS record_rank ON record (namespace, rank, key) WHERE taken IS NULL;
CREATE INDEX IF NOT EXISTS record_until ON record (until);
CREATE TABLE IF NOT EXISTS lease (
    key TEXT PRIMARY KEY, fence INTEGER NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS count (
    key TEXT PRIMARY KEY, seen INTEGER NOT NULL, until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fence (one INTEGER PRIMARY KEY CHECK (one = 1), last INTEGER NOT NULL);
INSERT OR IGNORE INTO fence (one, last) VALUES (1, 0);
";

/// What SQLite keeps beside a database. <https://sqlite.org/tempfiles.html>
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];
/// How many damaged files are kept beside each other.
const ASIDES: u32 = 100;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SqliteError {
    /// The file or its directory.
    #[error(
        "{path} cannot be written: {error}. Give the user of this process the right to write to \
         its directory, or choose another file"
    )]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no database, or a damaged one; it was moved aside and nothing of it is lost.
    #[error("{path} is damaged; it was moved to {aside}. Start again to begin with an empty one")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where it is.
        aside: PathBuf,
    },
    /// A later release wrote it.
    #[error("{path} was written by a later release (layout {layout}); use that release")]
    Later {
        /// Which.
        path: PathBuf,
        /// Its layout.
        layout: i64,
    },
    /// SQLite says no.
    #[error(
        "{path} cannot be used as a SQLite file: {text}. The file and its directory must be \
         writable, on a file system with locks"
    )]
    Refused {
        /// Which.
        path: PathBuf,
        /// What it says.
        text: String,
    },
}

/// An open file.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// The journal mode that the file system allowed.
    pub(super) journal: String,
}

/// Opens or makes the file.
pub(super) fn open(path: &Path) -> Result<Opened, SqliteError> {
    let file = |error| SqliteError::File {
        path: path.to_owned(),
        error,
    };
    make_private(path).map_err(file)?;
    prepared(path).map_err(|trouble| match trouble {
        Trouble::Later(layout) => SqliteError::Later {
            path: path.to_owned(),
            layout,
        },
        Trouble::Damaged => move_aside(path).map_or_else(file, |aside| SqliteError::Damaged {
            path: path.to_owned(),
            aside,
        }),
        Trouble::Other(text) => SqliteError::Refused {
            path: path.to_owned(),
            text,
        },
    })
}

fn make_private(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent().filter(|one| !one.as_os_str().is_empty()) {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        tighten(folder, path)?;
    }
    let made = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)?;
    made.set_permissions(Permissions::from_mode(0o600))
}

/// Keeps others out of a directory that holds nothing but the database. One that holds more may be
/// `/tmp` or `/var/lib`, which stop working when others are kept out.
fn tighten(folder: &Path, path: &Path) -> io::Result<()> {
    let for_others = fs::metadata(folder)?.permissions().mode() & 0o077;
    if for_others == 0 {
        return Ok(());
    }
    let shown = folder.display();
    if !is_its_own(folder, path)? {
        tracing::warn!(
            "the directory {shown} of the state file is open to other users and holds other \
             files; give the state file a directory of its own with mode 0700"
        );
        return Ok(());
    }
    match fs::set_permissions(folder, Permissions::from_mode(0o700)) {
        Ok(()) => tracing::warn!(
            "the directory {shown} of the state file was open to other users; its mode is set to \
             0700"
        ),
        Err(error) => tracing::warn!(
            "the directory {shown} of the state file is open to other users and cannot be \
             tightened to 0700: {error}"
        ),
    }
    Ok(())
}

/// Whether every entry is the database, a companion of it, or a damaged one that was moved aside.
fn is_its_own(folder: &Path, path: &Path) -> io::Result<bool> {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    for entry in fs::read_dir(folder)? {
        let entry = entry?.file_name();
        if !entry.as_encoded_bytes().starts_with(name) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

/// Moves the file and its companions, over nothing that lies there; where the file is.
fn move_aside(path: &Path) -> io::Result<PathBuf> {
    let endings = (1..=ASIDES).map(|number| match number {
        1 => ".bad".to_owned(),
        _ => format!(".bad{number}"),
    });
    let aside = endings
        .map(|ending| beside(path, &ending))
        .find(|aside| !aside.exists())
        .ok_or_else(|| io::Error::other("too many damaged files lie beside it; remove some"))?;
    // First the log: SQLite would play it into the empty file that takes this place.
    for companion in COMPANIONS {
        let from = beside(path, companion);
        if from.exists() {
            fs::rename(from, beside(&aside, companion))?;
        }
    }
    fs::rename(path, &aside)?;
    Ok(aside)
}

enum Trouble {
    Damaged,
    Later(i64),
    Other(String),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged,
            _ => Self::Other(error.to_string()),
        }
    }
}

fn prepared(path: &Path) -> Result<Opened, Trouble> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let journal =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(Trouble::Damaged);
    }
    let layout: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if layout > LAYOUT {
        return Err(Trouble::Later(layout));
    }
    connection.execute_batch(TABLES)?;
    connection.pragma_update(None, "user_version", LAYOUT)?;
    Ok(Opened {
        connection,
        journal,
    })
}

#[cfg(test)]
mod tests;
