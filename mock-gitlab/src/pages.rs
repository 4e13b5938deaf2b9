//! Pages for a browser: sign-in, consent, and something behind each link. <https://docs.gitlab.com/user/>

use crate::routes::RouteTable;

pub(crate) fn routes(_table: &mut RouteTable) {}
