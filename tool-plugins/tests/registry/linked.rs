//! The linked tools as every test here sees them.

use std::sync::LazyLock;

use gitlab_mcp_core::tool::Catalog;
use gitlab_mcp_tool_plugins as _;

#[expect(clippy::unwrap_used, reason = "a test may end here")]
static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::linked().unwrap());

/// Every linked tool.
pub(crate) fn catalog() -> &'static Catalog {
    &CATALOG
}
