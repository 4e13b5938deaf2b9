//! YAML as far as `.gitlab-ci.yml` needs it: texts, lists and maps. Bounded, so that
//! aliases of aliases cannot grow without end. <https://yaml.org/spec/1.2.2/>

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser};

/// More than any pipeline needs.
const MOST_NODES: usize = 20_000;
const DEEPEST: usize = 40;

/// One node of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(pairs) => pairs.iter().find(|(name, _)| name == key).map(|(_, n)| n),
            Self::Text(_) | Self::List(_) => None,
        }
    }

    /// Key and value of each pair; nothing when it is no map.
    pub(super) fn pairs(&self) -> &[(String, Self)] {
        match self {
            Self::Map(pairs) => pairs,
            Self::Text(_) | Self::List(_) => &[],
        }
    }

    /// A text.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The texts of a list, lists inside it included; a text alone is a list of one.
    pub(super) fn texts(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::List(items) => items.iter().flat_map(Self::texts).collect(),
            Self::Map(_) => Vec::new(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::List(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::Map(pairs) => 1 + pairs.iter().map(|(_, n)| 1 + n.size()).sum::<usize>(),
        }
    }
}

struct Reader<'a> {
    events: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: BTreeMap<usize, Node>,
    nodes: usize,
}

/// The first document of a text; none for an empty one. The error says what is wrong.
pub(super) fn read(text: &str) -> Result<Option<Node>, String> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    loop {
        match reader.next()? {
            Event::StreamEnd => return Ok(None),
            Event::DocumentStart(_) | Event::StreamStart | Event::Nothing => {}
            event => return reader.node(event, 0).map(Some),
        }
    }
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        match self.events.next() {
            Some(Ok((event, _))) => Ok(event),
            Some(Err(error)) => Err(error.to_string()),
            None => Ok(Event::StreamEnd),
        }
    }

    fn node(&mut self, event: Event<'a>, depth: usize) -> Result<Node, String> {
        self.nodes += 1;
        if self.nodes > MOST_NODES || depth > DEEPEST {
            return Err("The parsed YAML is too big".to_owned());
        }
        let (node, anchor) = match event {
            Event::Scalar(text, _, anchor, _) => (Node::Text(text.into_owned()), anchor),
            Event::SequenceStart(anchor, _) => (self.list(depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.map(depth)?, anchor),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or("Unknown alias")?;
                self.nodes += node.size();
                (node, 0)
            }
            _ => return Err("Unexpected end of the document".to_owned()),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn list(&mut self, depth: usize) -> Result<Node, String> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Node::List(items)),
                event => items.push(self.node(event, depth + 1)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Node, String> {
        let mut pairs: Vec<(String, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                Event::MappingEnd => return Ok(Node::Map(pairs)),
                event => self.node(event, depth + 1)?,
            };
            let event = self.next()?;
            let value = self.node(event, depth + 1)?;
            let Some(key) = key.text() else { continue };
            // Ruby reads `:script` as the symbol of that name.
            let key = key.strip_prefix(':').unwrap_or(key).to_owned();
            if key == "<<" {
                let known = |name: &str| pairs.iter().any(|(key, _)| key == name);
                let merged: Vec<_> = value
                    .pairs()
                    .iter()
                    .filter(|(name, _)| !known(name))
                    .cloned()
                    .collect();
                pairs.extend(merged);
                continue;
            }
            pairs.retain(|(name, _)| *name != key);
            pairs.push((key, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_lists_aliases_and_merges_are_read() {
        let text = "a: &x {k: [1, two]}\nb:\n  <<: *x\n  :s: yes\n";
        let node = read(text).unwrap().unwrap();
        let b = node.get("b").unwrap();
        assert_eq!(b.get("k").unwrap().texts(), ["1", "two"]);
        assert_eq!(b.get("s").unwrap().text(), Some("yes"));
    }

    #[test]
    fn hostile_documents_end_in_an_error() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..9 {
            let list = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb = format!("{bomb}a{level}: &a{level} [{list}]\n");
        }
        let deep = "[".repeat(500);
        for text in [bomb.as_str(), deep.as_str(), "a: [", "a: *b", "{"] {
            assert!(
                read(text).is_err(),
                "{}",
                text.chars().take(20).collect::<String>()
            );
        }
        assert_eq!(read("").unwrap(), None);
    }
}
