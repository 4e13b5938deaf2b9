//! Configuration: defaults, then a TOML file, then the environment, then flags.
//!
//! A [`Section`] declares its settings as data and reads them through a [`Reader`], which collects
//! every problem instead of stopping at the first. Nothing outside this module reads the
//! environment, and nothing reads it again after the start.
//!
//! ```
//! use gitlab_mcp_core::config::{self, Kind, Reader, Section, Setting, Sources};
//!
//! static PORT: Setting =
//!     Setting::new("PORT", Kind::Integer { min: 1, max: 65_535 }, "bind port").default("3002");
//!
//! struct Listener {
//!     port: u64,
//! }
//!
//! impl Section for Listener {
//!     const SETTINGS: &'static [&'static Setting] = &[&PORT];
//!
//!     fn read(reader: &mut Reader) -> Self {
//!         Self { port: reader.integer(&PORT) }
//!     }
//! }
//!
//! let sources = Sources::new().variables([("PORT", "8080")]);
//! let (listener, warnings) = config::load::<Listener>(&sources, &[])?;
//! assert_eq!(listener.port, 8080);
//! assert!(warnings.is_empty());
//! # Ok::<(), config::LoadError>(())
//! ```

mod environment;
mod file;
mod flags;
mod known;
mod layer;
mod parse;
pub mod print;
mod problem;
mod reader;
mod reserved;
mod secret_file;
mod section;
mod setting;
mod show;
mod sources;
mod table;
mod unknown;

pub use problem::{Attention, ConfigError, LoadError, Problem, Source, UsageError, Warning};
pub use reader::Reader;
pub use secret_file::{SecretFile, SecretFileError, read_secret_file};
pub use section::{Section, load};
pub use setting::{Kind, Setting};
pub use sources::Sources;
pub use table::Table;
