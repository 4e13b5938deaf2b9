//! Jobs and their logs. <https://docs.gitlab.com/api/jobs/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
