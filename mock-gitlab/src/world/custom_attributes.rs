//! Custom attributes. <https://docs.gitlab.com/api/custom_attributes/>

/// What administrators may label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A user.
    User(u64),
    /// A group.
    Group(u64),
    /// A project.
    Project(u64),
}
