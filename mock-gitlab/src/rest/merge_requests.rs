//! Merge requests. <https://docs.gitlab.com/api/merge_requests/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
