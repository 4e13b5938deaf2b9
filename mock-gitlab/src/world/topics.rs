//! Topics. <https://docs.gitlab.com/api/topics/>

use super::Avatar;

/// A topic that projects can have.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Number of the topic.
    pub id: u64,
    /// As projects name it.
    pub name: String,
    /// As people read it.
    pub title: String,
    /// What it is about.
    pub description: Option<String>,
    /// The picture.
    pub avatar: Option<Avatar>,
}
