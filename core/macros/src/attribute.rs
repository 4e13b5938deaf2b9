//! Reads `#[endpoint(METHOD, "path", key = value, ..)]`.

use syn::parse::{Parse, ParseStream};
use syn::{Attribute, DeriveInput, Error, Expr, Ident, LitStr, Path, Result, Token};

/// What the attribute says.
pub(crate) struct Endpoint {
    pub(crate) method: Ident,
    pub(crate) path: LitStr,
    pub(crate) toolset: Path,
    pub(crate) name: Option<LitStr>,
    pub(crate) facts: Option<Expr>,
}

impl Endpoint {
    /// Finds and reads the one `#[endpoint(..)]` of a struct.
    pub(crate) fn of(input: &DeriveInput) -> Result<Self> {
        let found: Vec<&Attribute> = input
            .attrs
            .iter()
            .filter(|one| one.path().is_ident("endpoint"))
            .collect();
        match found.as_slice() {
            [one] => one.parse_args(),
            [] => Err(Error::new_spanned(
                &input.ident,
                "missing `#[endpoint(METHOD, \"path\", toolset = Set)]`",
            )),
            [_, second, ..] => Err(Error::new_spanned(second, "`endpoint` stands here twice")),
        }
    }
}

impl Parse for Endpoint {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let method: Ident = input.parse()?;
        if !["GET", "POST", "PUT", "PATCH", "DELETE"]
            .iter()
            .any(|word| method == word)
        {
            return Err(Error::new(
                method.span(),
                "unknown method; expected GET, POST, PUT, PATCH or DELETE",
            ));
        }
        input.parse::<Token![,]>()?;
        let path: LitStr = input.parse()?;
        let (mut toolset, mut name, mut facts) = (None, None, None);
        while !input.is_empty() {
            input.parse::<Token![,]>()?;
            if input.is_empty() {
                break;
            }
            let key: Ident = input.parse()?;
            input.parse::<Token![=]>()?;
            match key.to_string().as_str() {
                "toolset" => toolset = Some(input.parse()?),
                "name" => name = Some(input.parse()?),
                "facts" => facts = Some(input.parse()?),
                _ => {
                    return Err(Error::new(
                        key.span(),
                        format!("unknown key `{key}`; expected toolset, name or facts"),
                    ));
                }
            }
        }
        let toolset =
            toolset.ok_or_else(|| Error::new(path.span(), "missing `toolset = SomeToolSet`"))?;
        Ok(Self {
            method,
            path,
            toolset,
            name,
            facts,
        })
    }
}
