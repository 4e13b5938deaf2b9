//! Access levels. <https://docs.gitlab.com/api/access_requests/#valid-access-levels>

/// No access at all.
pub const NO_ACCESS: u8 = 0;
/// Minimal access (groups).
pub const MINIMAL: u8 = 5;
/// Guest.
pub const GUEST: u8 = 10;
/// Planner.
pub const PLANNER: u8 = 15;
/// Reporter.
pub const REPORTER: u8 = 20;
/// Developer.
pub const DEVELOPER: u8 = 30;
/// Maintainer.
pub const MAINTAINER: u8 = 40;
/// Owner.
pub const OWNER: u8 = 50;

/// The levels that can be given to a member.
pub const GRANTABLE: [u8; 7] = [
    MINIMAL, GUEST, PLANNER, REPORTER, DEVELOPER, MAINTAINER, OWNER,
];

/// How GitLab calls a level.
pub fn name(level: u8) -> &'static str {
    match level {
        MINIMAL => "Minimal Access",
        GUEST => "Guest",
        PLANNER => "Planner",
        REPORTER => "Reporter",
        25 => "Security Manager",
        DEVELOPER => "Developers + Maintainers",
        MAINTAINER => "Maintainers",
        OWNER => "Owner",
        60 => "Admins",
        _ => "No one",
    }
}
