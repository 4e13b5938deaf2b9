//! Depth and complexity of a query, counted before anything runs.
//! <https://docs.gitlab.com/api/graphql/#limits>

use std::collections::BTreeMap;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned, Value};

/// What a connection counts as, when nothing smaller is asked for.
const PAGE: u64 = 100;

/// Cost and depth of a selection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) complexity: u64,
    pub(super) depth: u64,
}

/// The heavier of a document's operations. Introspection is free.
pub(super) fn weigh(document: &ExecutableDocument, variables: &serde_json::Value) -> Weight {
    let mut scale = Scale {
        document,
        variables,
        fragments: BTreeMap::new(),
    };
    let operations: Vec<&Positioned<OperationDefinition>> = match &document.operations {
        DocumentOperations::Single(one) => vec![one],
        DocumentOperations::Multiple(all) => {
            // The order does not matter to a maximum.
            let mut all: Vec<_> = all.iter().collect();
            all.sort_by(|one, two| one.0.cmp(two.0));
            all.into_iter().map(|(_, operation)| operation).collect()
        }
    };
    let mut most = Weight::default();
    for operation in operations {
        let weight = scale.selection(&operation.node.selection_set.node);
        most.complexity = most.complexity.max(weight.complexity);
        most.depth = most.depth.max(weight.depth);
    }
    most
}

struct Scale<'a> {
    document: &'a ExecutableDocument,
    variables: &'a serde_json::Value,
    /// Weighed once each, or a few nested fragments would take forever. One that is
    /// being weighed counts nothing: validation refuses the circle.
    fragments: BTreeMap<&'a str, Weight>,
}

impl<'a> Scale<'a> {
    fn selection(&mut self, set: &'a SelectionSet) -> Weight {
        let mut sum = Weight::default();
        for item in &set.items {
            let weight = match &item.node {
                Selection::Field(field) => self.field(&field.node),
                Selection::InlineFragment(inline) => {
                    self.selection(&inline.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str())
                }
            };
            sum.complexity = sum.complexity.saturating_add(weight.complexity);
            sum.depth = sum.depth.max(weight.depth);
        }
        sum
    }

    fn fragment(&mut self, name: &'a str) -> Weight {
        if let Some(weight) = self.fragments.get(name) {
            return *weight;
        }
        let document = self.document;
        let mut fragments = document.fragments.iter();
        let Some((_, fragment)) = fragments.find(|(key, _)| key.as_str() == name) else {
            return Weight::default();
        };
        self.fragments.insert(name, Weight::default());
        let weight = self.selection(&fragment.node.selection_set.node);
        self.fragments.insert(name, weight);
        weight
    }

    /// A field costs one and what is below it; below a connection a row more costs a
    /// hundredth of that again.
    fn field(&mut self, field: &'a Field) -> Weight {
        if field.name.node.starts_with("__") {
            return Weight::default();
        }
        let inside = self.selection(&field.selection_set.node);
        let rows = if is_connection(field) {
            self.limit(field)
        } else {
            0
        };
        let more = inside.complexity.saturating_mul(rows) / 100;
        Weight {
            complexity: inside.complexity.saturating_add(more).saturating_add(1),
            depth: inside.depth.saturating_add(1),
        }
    }

    fn limit(&self, field: &Field) -> u64 {
        let arguments = field.arguments.iter();
        let asked = arguments
            .filter(|(name, _)| matches!(name.node.as_str(), "first" | "last"))
            .filter_map(|(_, value)| {
                let given = |name: Name| {
                    let value = self.variables.get(name.as_str()).cloned();
                    Value::from_json(value.unwrap_or_default())
                };
                match value.node.clone().into_const_with(given) {
                    Ok(Value::Number(number)) => number.as_u64(),
                    _ => None,
                }
            });
        asked.min().unwrap_or(PAGE).min(PAGE)
    }
}

fn is_connection(field: &Field) -> bool {
    field.selection_set.node.items.iter().any(|item| {
        matches!(&item.node, Selection::Field(inner)
            if matches!(inner.node.name.node.as_str(), "nodes" | "edges"))
    })
}
