//! Which token scopes let a request through.
//! <https://docs.gitlab.com/user/profile/personal_access_tokens/#personal-access-token-scopes>

use crate::error::ApiError;

/// A read needs `api`, `read_api` or one of the route's own; a write `api` or its own.
pub(crate) fn check(held: &[String], is_read: bool, also: &[&'static str]) -> Result<(), ApiError> {
    let mut needed = vec!["api"];
    if is_read {
        needed.push("read_api");
    }
    needed.extend(also);
    if needed
        .iter()
        .any(|scope| held.iter().any(|have| have == scope))
    {
        Ok(())
    } else {
        Err(ApiError::insufficient_scope(&needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_api_does_not_write() {
        let held = ["read_api".to_owned()];
        assert!(check(&held, true, &[]).is_ok());
        assert!(check(&held, false, &[]).is_err());
    }

    #[test]
    fn a_route_may_let_more_scopes_in() {
        let held = ["read_user".to_owned()];
        assert!(check(&held, true, &["read_user"]).is_ok());
        assert!(check(&held, true, &[]).is_err());
    }
}
