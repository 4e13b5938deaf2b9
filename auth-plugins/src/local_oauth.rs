//! `local-oauth`: the person at this machine signs in with a browser.

mod lock;
mod settings;
pub mod token_file;

pub use settings::Config;
