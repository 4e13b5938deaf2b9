//! Discussions. <https://docs.gitlab.com/api/discussions/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
