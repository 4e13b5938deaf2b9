//! `#[derive(Endpoint)]`: a struct becomes a tool that is one REST call.
//!
//! The derive writes what a person would write: four constants, one associated type and one
//! registration. It knows nothing of HTTP.

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

mod attribute;
mod expand;
#[cfg(test)]
mod messages;

/// Implements `Endpoint` and registers the tool.
///
/// ```text
/// /// Create a branch from a branch, tag or commit.
/// #[derive(Debug, Deserialize, Serialize, JsonSchema, Endpoint)]
/// #[endpoint(POST, "projects/{project_id}/repository/branches", toolset = Branches)]
/// struct CreateBranch { .. }
/// ```
///
/// Keys: `toolset` (required); `name` (default: the struct's name in snake case); `facts`
/// (default: `Facts::read()` for GET, `Facts::delete()` for DELETE, `Facts::write()` otherwise).
/// Every `{hole}` must be a field.
#[proc_macro_derive(Endpoint, attributes(endpoint))]
pub fn derive_endpoint(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::endpoint(&input)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
