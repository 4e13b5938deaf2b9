//! A part of the configuration: the settings it declares, and the value they make together.

use super::problem::{ConfigError, LoadError, Warning};
use super::reader::Reader;
use super::setting::Setting;
use super::sources::Sources;
use super::table::Table;

/// One subject's configuration. Implemented by the configuration struct of that subject.
///
/// `read` never fails: it reports what is wrong to the reader and returns something, so that the
/// mistakes of all sections are told at once. The value is used only when no problem was reported.
pub trait Section: Sized {
    /// Every setting that `read` asks for.
    const SETTINGS: &'static [&'static Setting];
    /// Every table of the file that `read` asks for.
    const TABLES: &'static [&'static Table] = &[];

    /// Reads the values and reports every problem.
    fn read(reader: &mut Reader) -> Self;
}

/// Loads one section by itself; `others` are settings that are known although `S` does not read
/// them.
///
/// # Errors
///
/// A command line that cannot be understood, or every problem of the values.
pub fn load<S: Section>(
    sources: &Sources,
    others: &[&'static Setting],
) -> Result<(S, Vec<Warning>), LoadError> {
    let settings: Vec<_> = S::SETTINGS.iter().chain(others).copied().collect();
    let mut reader = Reader::open_with(sources, &settings, S::TABLES)?;
    let section = S::read(&mut reader);
    let warnings: Result<Vec<Warning>, ConfigError> = reader.finish();
    Ok((section, warnings?))
}
