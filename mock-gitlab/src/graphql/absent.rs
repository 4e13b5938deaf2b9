//! What stands in for GraphQL where the crate is built without it: no route, and so no
//! operation that a fault could select.

use crate::request::Request;
use crate::routes::RouteTable;

/// Nothing: `/api/graphql` is no route.
pub(crate) fn routes(_: &mut RouteTable) {}

/// No operation has a name.
pub(crate) fn operation_name(_: &Request) -> Option<String> {
    None
}
