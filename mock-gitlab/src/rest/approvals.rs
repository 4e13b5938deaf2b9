//! Approvals of merge requests. <https://docs.gitlab.com/api/merge_request_approvals/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
