//! `/projects/:id/files/:path`: one path pattern.

use crate::request::decode;

/// The decoded path parameters of one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct PathValues(Vec<(String, String)>);

impl PathValues {
    /// A parameter; the empty text when the route has none of that name.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map_or("", |(_, value)| value)
    }
}

/// One part of a pattern.
#[derive(Clone, Debug)]
pub(super) enum Segment {
    /// Itself.
    Word(String),
    /// Any one segment.
    One(String),
    /// All that follow.
    Rest(String),
}

/// A path pattern: words, `:name` for one segment, `*name` for all that follow.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: String,
    segments: Vec<Segment>,
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Self {
        let parts = text.split('/').filter(|part| !part.is_empty());
        let segments = parts.map(|part| {
            if let Some(name) = part.strip_prefix(':') {
                Segment::One(name.to_owned())
            } else if let Some(name) = part.strip_prefix('*') {
                Segment::Rest(name.to_owned())
            } else {
                Segment::Word(part.to_owned())
            }
        });
        Self {
            text: text.to_owned(),
            segments: segments.collect(),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    pub(super) fn values(&self, path: &[&str]) -> PathValues {
        let mut values = Vec::new();
        for (at, segment) in self.segments.iter().enumerate() {
            match segment {
                Segment::Word(_) => {}
                Segment::One(name) => {
                    values.push((
                        name.clone(),
                        path.get(at).map_or_else(String::new, |p| decode(p)),
                    ));
                }
                Segment::Rest(name) => {
                    let rest = path.get(at..).unwrap_or_default();
                    let decoded: Vec<String> = rest.iter().map(|part| decode(part)).collect();
                    values.push((name.clone(), decoded.join("/")));
                }
            }
        }
        PathValues(values)
    }
}
