//! Notes. <https://docs.gitlab.com/api/notes/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
