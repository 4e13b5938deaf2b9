//! Ways into projects and groups besides membership: requests, invitations, shares.
//! <https://docs.gitlab.com/api/access_requests/>

use super::Owner;
use crate::clock::Timestamp;

/// Somebody asks to be let in.
#[derive(Clone, Debug)]
pub struct AccessRequest {
    /// Where.
    pub owner: Owner,
    /// Who.
    pub user: u64,
    /// Since when.
    pub requested_at: Timestamp,
}

/// An address that was invited and belongs to no user yet.
/// <https://docs.gitlab.com/api/invitations/>
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Number of the invitation.
    pub id: u64,
    /// Where.
    pub owner: Owner,
    /// Who.
    pub email: String,
    /// How much, see [`access`](super::access).
    pub level: u8,
    /// Since when.
    pub created_at: Timestamp,
    /// Until which day the membership will last.
    pub expires_at: Option<String>,
    /// Who invited them.
    pub created_by: u64,
}

/// A group whose members are let into a project or another group.
/// <https://docs.gitlab.com/api/groups/#create-a-link-to-share-a-group-with-another-group>
#[derive(Clone, Debug)]
pub struct Share {
    /// What is shared.
    pub owner: Owner,
    /// The group that is let in.
    pub group: u64,
    /// At most how much its members get.
    pub level: u8,
    /// Until which day.
    pub expires_at: Option<String>,
}
