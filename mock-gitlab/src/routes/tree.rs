//! The patterns as a tree: a path is found in as many steps as it has segments, however
//! many routes there are.

use std::collections::BTreeMap;

use super::pattern::{Pattern, Segment};
use crate::request::decode;

/// One place of the tree; the root stands before the first segment.
#[derive(Debug, Default)]
pub(super) struct Tree {
    words: BTreeMap<String, Self>,
    one: Option<Box<Self>>,
    /// Routes that take the rest of the path from here.
    rest: Vec<usize>,
    /// Routes that end here.
    here: Vec<usize>,
}

impl Tree {
    pub(super) fn insert(&mut self, pattern: &Pattern, route: usize) {
        let mut place = self;
        for segment in pattern.segments() {
            place = match segment {
                Segment::Word(word) => place.words.entry(word.clone()).or_default(),
                Segment::One(_) => place.one.get_or_insert_default(),
                Segment::Rest(_) => {
                    place.rest.push(route);
                    return;
                }
            };
        }
        place.here.push(route);
    }

    /// The first accepted route: words before parameters before a rest, the earlier
    /// segment the more important.
    pub(super) fn find<'a, T: ?Sized>(
        &self,
        path: &[&str],
        accept: &dyn Fn(usize) -> Option<&'a T>,
    ) -> Option<&'a T> {
        let Some((segment, after)) = path.split_first() else {
            return self.here.iter().find_map(|route| accept(*route));
        };
        // GitLab's own paths are plain ASCII, yet a client may encode them.
        let word = if segment.contains('%') {
            self.words.get(&decode(segment))
        } else {
            self.words.get(*segment)
        };
        let below = |place: &Self| place.find(after, accept);
        word.and_then(below).or_else(|| {
            if segment.is_empty() {
                return None;
            }
            let one = self.one.as_deref().and_then(below);
            one.or_else(|| self.rest.iter().find_map(|route| accept(*route)))
        })
    }
}
