//! Secrets inside a record. A record is sealed as a whole, which makes this the one place where a
//! secret has a written form. Use with `#[serde(with = "kept")]`.

use gitlab_mcp_core::secret::{Kind, Secret};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Writes the secret into the record.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer, K: Kind>(
    secret: &Secret<K>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Reads it back.
///
/// # Errors
/// When the text cannot be a secret of this kind.
pub fn deserialize<'de, D: Deserializer<'de>, K: Kind>(
    deserializer: D,
) -> Result<Secret<K>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Secret::parse(text, 1).map_err(D::Error::custom)
}

/// The same for a secret that may be missing.
pub mod optional {
    use serde::Deserialize as _;
    use serde::de::Error as _;

    use super::{Deserializer, Kind, Secret, Serializer};

    /// Writes the secret, or nothing.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer, K: Kind>(
        secret: &Option<Secret<K>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads it back.
    ///
    /// # Errors
    /// When the text cannot be a secret of this kind.
    pub fn deserialize<'de, D: Deserializer<'de>, K: Kind>(
        deserializer: D,
    ) -> Result<Option<Secret<K>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Secret::parse(text, 1).map_err(D::Error::custom))
            .transpose()
    }
}
