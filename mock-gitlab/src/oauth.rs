//! The OAuth provider. <https://docs.gitlab.com/api/oauth2/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
