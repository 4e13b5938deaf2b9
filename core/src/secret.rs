//! Secrets as types: nothing prints, copies or compares them by accident.

use std::fmt;
use std::marker::PhantomData;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What a secret is for. A marker type per purpose, so that two purposes cannot be mixed up.
///
/// A file that introduces a new sort of secret declares its own kind beside it.
pub trait Kind: Send + Sync + 'static {
    /// The name shown instead of the content.
    const NAME: &'static str;

    /// Which characters are legal; the default is always a legal HTTP header value.
    const ALPHABET: Alphabet = Alphabet::Header;
}

/// The characters a [`Kind`] of secret may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// Visible ASCII without blanks: safe in any header, whatever stands before it.
    Header,
    /// Any text without control characters: pass phrases and connection strings.
    Text,
}

macro_rules! kinds {
    ($($(#[$doc:meta])+ $name:ident = $alphabet:ident;)+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy)]
        pub enum $name {}

        impl Kind for $name {
            const NAME: &'static str = stringify!($name);
            const ALPHABET: Alphabet = Alphabet::$alphabet;
        }
    )+};
}

kinds! {
    /// A personal, project, group or job token of GitLab.
    GitLabToken = Header;
    /// A fixed bearer that guards our own routes.
    StaticBearer = Header;
    /// The secret of a confidential OAuth application.
    ClientSecret = Header;
    /// The key material everything else is derived from.
    MasterSecret = Text;
    /// A database or proxy address that may hold a password.
    ConnectionString = Text;
    /// The pass phrase of a private key.
    PassPhrase = Text;
}

/// Why a text cannot be a [`Secret`]. Names no part of the text and not its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretProblem {
    /// Fewer bytes than the setting asks for.
    #[error("too short, needs at least {minimum} characters")]
    TooShort {
        /// The least number of bytes.
        minimum: usize,
    },
    /// A byte below 0x20, or DEL.
    #[error("contains control characters")]
    ControlCharacters,
    /// A blank or a character outside ASCII in a secret that travels in a header.
    #[error("contains blanks or characters outside ASCII")]
    NotAHeaderValue,
}

/// A secret text of kind `K`: zeroed on drop, with no printable form.
///
/// There is no `Clone`, `PartialEq`, `Display` or `Serialize`; hold it in an `Arc` to share it.
pub struct Secret<K: Kind> {
    text: Zeroizing<String>,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Secret<K> {
    /// Takes over `text` when it is at least `min_len` bytes of the kind's alphabet.
    ///
    /// The content of a refused text is zeroed as well.
    ///
    /// # Errors
    ///
    /// [`SecretProblem`] names the first rule the text breaks.
    pub fn parse(text: String, min_len: usize) -> Result<Self, SecretProblem> {
        let text = Zeroizing::new(text);
        if text.chars().any(char::is_control) {
            return Err(SecretProblem::ControlCharacters);
        }
        if text.len() < min_len.max(1) || text.trim().is_empty() {
            return Err(SecretProblem::TooShort {
                minimum: min_len.max(1),
            });
        }
        if K::ALPHABET == Alphabet::Header && !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(SecretProblem::NotAHeaderValue);
        }
        Ok(Self {
            text,
            kind: PhantomData,
        })
    }

    /// The secret itself, for the one place that sends it. Never log or store what this returns.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether `presented` is this secret; takes the same time whatever the first difference is.
    pub fn matches(&self, presented: &str) -> bool {
        let own = Sha256::digest(self.text.as_bytes());
        let other = Sha256::digest(presented.as_bytes());
        own.ct_eq(&other).into()
    }
}

impl<K: Kind> fmt::Debug for Secret<K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret<{}>(…)", K::NAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_kind_and_nothing_else() {
        let secret = Secret::<GitLabToken>::parse("glpat-canary-0001".to_owned(), 8).unwrap();
        assert_eq!(format!("{secret:?}"), "Secret<GitLabToken>(…)");
        assert_eq!(format!("{secret:#?}"), "Secret<GitLabToken>(…)");
        assert_eq!(secret.expose(), "glpat-canary-0001");
    }

    #[test]
    fn parse_refuses_what_cannot_be_a_header_value() {
        let cases = [
            ("", SecretProblem::TooShort { minimum: 8 }),
            ("seven77", SecretProblem::TooShort { minimum: 8 }),
            ("            ", SecretProblem::TooShort { minimum: 8 }),
            ("line\nbreak-inside", SecretProblem::ControlCharacters),
            ("tab\tinside-token", SecretProblem::ControlCharacters),
            ("nul\0inside-token", SecretProblem::ControlCharacters),
            ("blank inside token", SecretProblem::NotAHeaderValue),
            ("trailing-blank ", SecretProblem::NotAHeaderValue),
            ("grüße-aus-köln", SecretProblem::NotAHeaderValue),
        ];
        for (text, expected) in cases {
            let found = Secret::<GitLabToken>::parse(text.to_owned(), 8).map(|_| ());
            assert_eq!(found, Err(expected), "{text:?}");
        }
    }

    #[test]
    fn every_accepted_token_is_a_header_value() {
        for text in ["12345678", "a,b;c=\"d\"~!", "0012345678", "glpat-_-_-_-_"] {
            let secret = Secret::<GitLabToken>::parse(text.to_owned(), 8).unwrap();
            assert!(http::HeaderValue::from_str(secret.expose()).is_ok());
        }
    }

    #[test]
    fn pass_phrases_may_hold_blanks_and_letters_of_any_script() {
        assert!(Secret::<PassPhrase>::parse("correct horse köln".to_owned(), 1).is_ok());
    }

    #[test]
    fn matches_only_the_same_text() {
        let secret = Secret::<StaticBearer>::parse("bearer-0123456789".to_owned(), 8).unwrap();
        assert!(secret.matches("bearer-0123456789"));
        for other in [
            "",
            "bearer-012345678",
            "bearer-01234567890",
            "Bearer-0123456789",
        ] {
            assert!(!secret.matches(other), "{other}");
        }
    }
}
