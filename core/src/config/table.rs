//! A table that may stand in the configuration file several times, `[[name]]`: its name and fields.

use super::setting::Setting;

/// The declaration of a table; each place where it stands in the file is a row.
///
/// Declared as a `static` and listed in [`Section::TABLES`](super::Section::TABLES). Rows are read
/// with [`Reader::rows`](super::Reader::rows). There is no other source than the file: rows have no
/// variables and no flags.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    name: &'static str,
    about: &'static str,
    fields: &'static [&'static Setting],
}

impl Table {
    /// A table `[[name]]` whose rows may have these fields.
    ///
    /// A field is a setting whose variable is the key, in lower case; of aliases, flags and modes it
    /// has none. The key of a [`Kind::Secret`](super::Kind::Secret) ends with `_file`: a row names the
    /// file that holds the secret and never holds it itself. `about` is one line for the reference,
    /// without a final period.
    pub const fn new(
        name: &'static str,
        about: &'static str,
        fields: &'static [&'static Setting],
    ) -> Self {
        Self {
            name,
            about,
            fields,
        }
    }

    /// The name between the brackets.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What the table is for.
    pub const fn about(&self) -> &'static str {
        self.about
    }

    /// The fields of a row.
    pub const fn fields(&self) -> &'static [&'static Setting] {
        self.fields
    }

    /// The key under which a row holds `field`.
    pub fn key(field: &Setting) -> String {
        let key = field.file_key();
        if field.has_file_form() {
            key + "_file"
        } else {
            key
        }
    }
}
