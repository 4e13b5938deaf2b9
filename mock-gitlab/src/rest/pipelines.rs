//! Pipelines. <https://docs.gitlab.com/api/pipelines/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
