//! Issues. <https://docs.gitlab.com/api/issues/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
