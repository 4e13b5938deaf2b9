//! From the attribute to `impl Endpoint` and the registration.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::attribute::Endpoint;

/// Expands the derive.
pub(crate) fn endpoint(input: &DeriveInput) -> Result<TokenStream> {
    let attribute = Endpoint::of(input)?;
    check_holes(
        &attribute.path,
        &field_names(input)?,
        &input.ident.to_string(),
    )?;
    let ident = &input.ident;
    let name = match &attribute.name {
        Some(name) => name.value(),
        None => snake_case(&ident.to_string()),
    };
    let Endpoint {
        method,
        path,
        toolset,
        facts,
        ..
    } = &attribute;
    let method = format_ident!("{}", title_case(&method.to_string()));
    let facts = match facts {
        Some(facts) => quote!(#facts),
        None if method == "Get" => quote!(::gitlab_mcp_core::tool::Facts::read()),
        None if method == "Delete" => quote!(::gitlab_mcp_core::tool::Facts::delete()),
        None => quote!(::gitlab_mcp_core::tool::Facts::write()),
    };
    Ok(quote! {
        impl ::gitlab_mcp_core::tool::Endpoint for #ident {
            const NAME: &'static str = #name;
            type Set = #toolset;
            const ROUTE: ::gitlab_mcp_core::gitlab::Route = ::gitlab_mcp_core::gitlab::Route {
                method: ::gitlab_mcp_core::gitlab::Method::#method,
                path: #path,
            };
            const FACTS: ::gitlab_mcp_core::tool::Facts = #facts;
        }

        ::gitlab_mcp_core::__inventory::submit! {
            ::gitlab_mcp_core::tool::ToolDescriptor::rest::<#ident>(env!("CARGO_PKG_NAME"))
        }
    })
}

fn field_names(input: &DeriveInput) -> Result<Vec<String>> {
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Ok(fields
                .named
                .iter()
                .filter_map(|field| field.ident.as_ref())
                .map(|ident| ident.unraw().to_string())
                .collect()),
            Fields::Unit => Ok(Vec::new()),
            Fields::Unnamed(_) => Err(Error::new_spanned(
                &input.ident,
                "an endpoint needs named fields",
            )),
        },
        Data::Enum(_) | Data::Union(_) => Err(Error::new_spanned(
            &input.ident,
            "an endpoint is a struct of its arguments",
        )),
    }
}

fn check_holes(path: &LitStr, fields: &[String], owner: &str) -> Result<()> {
    let text = path.value();
    if text.starts_with('/') || text.contains('?') {
        return Err(Error::new(
            path.span(),
            "the path is relative to /api/v4/ and has no query",
        ));
    }
    for part in text.split('/') {
        let hole = part
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        match hole {
            Some(hole) if !fields.iter().any(|field| field == hole) => {
                return Err(Error::new(
                    path.span(),
                    format!("`{{{hole}}}` is not a field of `{owner}`"),
                ));
            }
            None if part.contains(['{', '}']) => {
                return Err(Error::new(
                    path.span(),
                    format!("`{part}`: a hole is a whole segment"),
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// `CreateBranch` → `create_branch`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, c) in name.char_indices() {
        if c.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

/// `GET` → `Get`.
fn title_case(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().into_iter();
    first.chain(chars.flat_map(char::to_lowercase)).collect()
}
