//! A fixed bearer on a route of ours. RFC 6750 section 2.1.

use gitlab_mcp_core::secret::{Secret, StaticBearer};
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// Whether exactly one `Authorization` header presents `expected`.
pub(crate) fn presents(headers: &HeaderMap, expected: &Secret<StaticBearer>) -> bool {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let Some((scheme, token)) = value.to_str().ok().and_then(|text| text.split_once(' ')) else {
        return false;
    };
    scheme.eq_ignore_ascii_case("bearer") && expected.matches(token.trim())
}
