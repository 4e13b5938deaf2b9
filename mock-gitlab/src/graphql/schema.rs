//! The schema: read once from `schema.graphql`, and every field bound to what resolves it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use async_graphql::dynamic::{
    Enum, Field, FieldFuture, FieldValue, InputObject, InputValue, Interface, InterfaceField,
    Object, ResolverContext, Scalar, Schema, TypeRef,
};
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{BaseType, Type, TypeKind, TypeSystemDefinition};
use async_graphql::{Error, Name};
use serde_json::{Map, Value};

use super::session::Session;
use super::{Refusal, Resolver, connection, resolvers, shape};

const TEXT: &str = include_str!("schema.graphql");
const PAGING: &str = "first: Int, last: Int, after: String, before: String";

/// The schema of every instance: what differs comes with the request.
pub(super) fn schema() -> Option<&'static Schema> {
    static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
    SCHEMA.get_or_init(|| build(TEXT).ok()).as_ref()
}

/// What the values of a type look like.
#[derive(Clone, Debug)]
enum Kind {
    Leaf,
    Enum(Vec<String>),
    Object,
    Interface,
}

/// How one field is resolved.
struct Plan {
    name: String,
    ty: Type,
    base: String,
    kind: Kind,
    /// The type of its nodes, when it is a connection.
    nodes: Option<String>,
    resolver: Option<Resolver>,
    mutation: bool,
}

fn build(text: &str) -> Result<Schema, String> {
    let text = with_connections(text);
    let document = parse_schema(&text).map_err(|error| error.to_string())?;
    let mut types = Vec::new();
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(definition) = definition {
            types.push((definition.node.name.node.to_string(), definition.node.kind));
        }
    }
    let kinds: BTreeMap<String, Kind> = types
        .iter()
        .map(|(name, kind)| (name.clone(), kind_of(kind)))
        .collect();
    let mut builder = Schema::build("Query", Some("Mutation"), None).disable_suggestions();
    for (name, kind) in types {
        builder = match kind {
            TypeKind::Scalar => builder.register(Scalar::new(name)),
            TypeKind::Enum(list) => {
                let items = list
                    .values
                    .iter()
                    .map(|item| item.node.value.node.to_string());
                builder.register(Enum::new(name).items(items))
            }
            TypeKind::InputObject(input) => {
                let mut object = InputObject::new(name);
                for field in input.fields {
                    let field = field.node;
                    object = object.field(InputValue::new(
                        field.name.node.as_str(),
                        reference(&field.ty.node),
                    ));
                }
                builder.register(object)
            }
            TypeKind::Interface(interface) => {
                let mut object = Interface::new(name);
                for field in interface.fields {
                    let field = field.node;
                    object = object.field(InterfaceField::new(
                        field.name.node.as_str(),
                        reference(&field.ty.node),
                    ));
                }
                builder.register(object)
            }
            TypeKind::Object(definition) => {
                let mut object = Object::new(name.clone());
                for parent in &definition.implements {
                    object = object.implement(parent.node.as_str());
                }
                for field in definition.fields {
                    object = object.field(bind(&name, &field.node, &kinds));
                }
                builder.register(object)
            }
            TypeKind::Union(_) => builder,
        };
    }
    builder.finish().map_err(|error| error.to_string())
}

/// Adds the types of every connection that is named, and the paging arguments of the
/// fields that have one.
fn with_connections(text: &str) -> String {
    let mut text = text.to_owned();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let mut nodes: Vec<String> = words
        .filter_map(|word| word.strip_suffix("Connection"))
        .filter(|node| !node.is_empty())
        .map(str::to_owned)
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    for node in nodes {
        let made = format!(
            "\ntype {node}Connection {{ nodes: [{node}] edges: [{node}Edge] pageInfo: PageInfo! count: Int }}\n\
             type {node}Edge {{ cursor: String! node: {node} }}\n"
        );
        text.push_str(&made);
    }
    text
}

fn kind_of(kind: &TypeKind) -> Kind {
    match kind {
        TypeKind::Enum(list) => Kind::Enum(
            list.values
                .iter()
                .map(|item| item.node.value.node.to_string())
                .collect(),
        ),
        TypeKind::Object(_) => Kind::Object,
        TypeKind::Interface(_) | TypeKind::Union(_) => Kind::Interface,
        TypeKind::Scalar | TypeKind::InputObject(_) => Kind::Leaf,
    }
}

fn bind(
    owner: &str,
    field: &async_graphql::parser::types::FieldDefinition,
    kinds: &BTreeMap<String, Kind>,
) -> Field {
    let name = field.name.node.to_string();
    let base = base_of(&field.ty.node);
    let nodes = base.strip_suffix("Connection").map(str::to_owned);
    let plan = Arc::new(Plan {
        resolver: resolvers::of(owner, &name),
        ty: field.ty.node.clone(),
        kind: kinds.get(&base).cloned().unwrap_or(Kind::Leaf),
        mutation: owner == "Mutation",
        nodes: nodes.clone(),
        name: name.clone(),
        base,
    });
    let mut bound = Field::new(name, reference(&field.ty.node), move |cx| {
        let plan = Arc::clone(&plan);
        FieldFuture::new(async move { plan.resolve(&cx) })
    });
    for argument in &field.arguments {
        let argument = &argument.node;
        bound = bound.argument(InputValue::new(
            argument.name.node.as_str(),
            reference(&argument.ty.node),
        ));
    }
    if nodes.is_some() {
        for argument in PAGING.split(", ") {
            if let Some((name, ty)) = argument.split_once(": ") {
                bound = bound.argument(InputValue::new(name, TypeRef::named(ty)));
            }
        }
    }
    bound
}

fn base_of(ty: &Type) -> String {
    match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => base_of(inner),
    }
}

fn reference(ty: &Type) -> TypeRef {
    let inner = match &ty.base {
        BaseType::Named(name) => TypeRef::named(name.to_string()),
        BaseType::List(inner) => TypeRef::List(Box::new(reference(inner))),
    };
    if ty.nullable {
        inner
    } else {
        TypeRef::NonNull(Box::new(inner))
    }
}

impl Plan {
    fn resolve<'a>(&self, cx: &ResolverContext<'a>) -> Result<Option<FieldValue<'a>>, Error> {
        let session = cx.data::<Arc<Session>>()?;
        let arguments = arguments(cx)?;
        let parent = cx.parent_value.downcast_ref::<Value>();
        let parent = parent.unwrap_or(&Value::Null);
        if self.mutation && !session.may_write() {
            return Err(Refusal::Missing.into());
        }
        let value = session.with(|cx| {
            let value = match self.resolver {
                Some(resolver) => resolver(cx, parent, &arguments)?,
                None => shape::plain(parent, &self.name),
            };
            // A connection is made once; its own fields are plain.
            if let Some(node) = &self.nodes {
                return connection::page(cx, value, &arguments, node);
            }
            let value = connection::expand(cx, value);
            Ok(shape::dress(&self.base, value))
        });
        Ok(self.finish(value.map_err(Error::from)?, &self.ty))
    }

    /// A value as the type wants it. What must not be null and is, is empty instead.
    fn finish<'a>(&self, value: Value, ty: &Type) -> Option<FieldValue<'a>> {
        match (&ty.base, value) {
            (_, Value::Null) if ty.nullable => None,
            (BaseType::List(inner), Value::Array(items)) => {
                let items = items
                    .into_iter()
                    .map(|item| self.finish(item, inner).unwrap_or(FieldValue::NULL));
                Some(FieldValue::list(items))
            }
            (BaseType::List(_), _) => Some(FieldValue::list(Vec::<FieldValue<'a>>::new())),
            (BaseType::Named(_), value) => self.leaf(value),
        }
    }

    fn leaf<'a>(&self, value: Value) -> Option<FieldValue<'a>> {
        match &self.kind {
            Kind::Leaf => Some(FieldValue::value(scalar(&self.base, value))),
            Kind::Enum(items) => {
                let text = value.as_str().unwrap_or_default();
                let upper = text.to_ascii_uppercase();
                let found = items.iter().find(|item| *item == text || **item == upper);
                let found = found.or_else(|| items.first().filter(|_| !self.ty.nullable));
                found.map(|item| FieldValue::value(async_graphql::Value::Enum(Name::new(item))))
            }
            Kind::Object => Some(FieldValue::owned_any(value)),
            Kind::Interface => {
                let name = shape::text(&value, "__typename").to_owned();
                Some(FieldValue::owned_any(value).with_type(name))
            }
        }
    }
}

fn scalar(base: &str, value: Value) -> async_graphql::Value {
    let value = match (base, value) {
        ("String" | "ID", Value::Null) => Value::String(String::new()),
        ("String" | "ID", value @ Value::String(_)) => value,
        ("String" | "ID", other) => Value::String(other.to_string()),
        ("Int", Value::Number(number)) => {
            let whole = number.as_i64().or_else(|| {
                #[expect(clippy::cast_possible_truncation, reason = "seconds, shown whole")]
                number.as_f64().map(|float| float as i64)
            });
            whole.unwrap_or(0).into()
        }
        ("Int", _) => 0.into(),
        ("Boolean", value) => value.as_bool().unwrap_or(false).into(),
        (_, value) => value,
    };
    async_graphql::Value::from_json(value).unwrap_or_default()
}

fn arguments(cx: &ResolverContext<'_>) -> Result<Map<String, Value>, Error> {
    let mut all = Map::new();
    for (name, value) in cx.args.iter() {
        let value = value.as_value().clone().into_json();
        all.insert(
            name.to_string(),
            value.map_err(|error| Error::new(error.to_string()))?,
        );
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_a_schema() {
        let schema = build(TEXT).unwrap();
        assert!(schema.sdl().contains("type IssueConnection"));
    }

    /// A resolver for a field that is not in the text would never run.
    #[test]
    fn every_resolver_has_a_field() {
        for name in resolvers::names() {
            let (owner, field) = name.split_once('.').unwrap();
            assert!(resolvers::of(owner, field).is_some(), "{name}");
            let body = TEXT.split(&format!("type {owner} ")).nth(1).unwrap();
            let body = body.split('}').next().unwrap();
            assert!(
                body.contains(&format!("{field}(")) || body.contains(&format!("{field}:")),
                "{name}"
            );
        }
    }
}
