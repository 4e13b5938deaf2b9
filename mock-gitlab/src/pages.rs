//! Pages for a browser: sign-in, consent, and something behind each link. <https://docs.gitlab.com/user/>

mod browse;
mod browser;
pub(crate) mod consent;
mod device;
mod form;
mod layout;
pub(crate) mod session;
mod sign_in;

pub use browser::{Browser, BrowserError};

use crate::routes::RouteTable;

pub(crate) fn routes(table: &mut RouteTable) {
    sign_in::routes(table);
    device::routes(table);
    browse::routes(table);
}
