//! Pictures of users, groups, projects and topics. <https://docs.gitlab.com/api/avatar/>

use bytes::Bytes;

/// A picture as it was uploaded.
#[derive(Clone, Debug)]
pub struct Avatar {
    /// Last part of its address.
    pub filename: String,
    /// The file.
    pub content: Bytes,
}
