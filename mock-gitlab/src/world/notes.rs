//! Notes and the discussions they form. <https://docs.gitlab.com/api/discussions/>

mod suggestions;

use serde_json::Value;

use super::World;
use crate::clock::Timestamp;
pub use suggestions::Suggestion;

/// What a note is written on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noteable {
    /// An issue by global id.
    Issue(u64),
    /// A merge request by global id.
    MergeRequest(u64),
    /// A commit of a project.
    Commit(u64, String),
    /// A snippet by id.
    Snippet(u64),
    /// An epic by id.
    Epic(u64),
}

/// A thread, or a single comment.
#[derive(Clone, Debug)]
pub struct Discussion {
    /// Forty hexadecimal digits.
    pub id: String,
    /// What it is about.
    pub noteable: Noteable,
    /// A single comment nobody can reply to.
    pub individual_note: bool,
    /// Ids of its notes, oldest first.
    pub notes: Vec<u64>,
}

/// One note.
#[derive(Clone, Debug)]
pub struct Note {
    /// Number on the instance.
    pub id: u64,
    /// The thread it stands in.
    pub discussion: String,
    /// What it is about.
    pub noteable: Noteable,
    /// Who wrote it.
    pub author: u64,
    /// Its text.
    pub body: String,
    /// Written by GitLab itself.
    pub system: bool,
    /// For members only.
    pub internal: bool,
    /// Whether it can be resolved.
    pub resolvable: bool,
    /// Who resolved it, and when.
    pub resolved: Option<(u64, Timestamp)>,
    /// Where in a diff it stands.
    pub position: Option<Value>,
    /// Changes it proposes.
    pub suggestions: Vec<Suggestion>,
    /// Reactions.
    pub awards: Vec<Award>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A reaction. <https://docs.gitlab.com/api/emoji_reactions/>
#[derive(Clone, Debug)]
pub struct Award {
    /// Number on the instance.
    pub id: u64,
    /// `thumbsup`.
    pub name: String,
    /// Whose it is.
    pub user: u64,
    /// Since when.
    pub created_at: Timestamp,
}

/// Where a new note goes.
#[derive(Clone, Debug)]
pub enum Place {
    /// A single comment.
    Comment,
    /// The first note of a new thread, on a line of a diff if a position is given.
    Thread(Option<Value>),
    /// An answer in a thread.
    Reply(String),
}

/// A note to be written.
#[derive(Clone, Debug)]
pub struct NewNote<'a> {
    /// What it is about.
    pub noteable: Noteable,
    /// Where it goes.
    pub place: Place,
    /// Who writes it.
    pub author: u64,
    /// Its text.
    pub body: &'a str,
    /// For members only.
    pub internal: bool,
}

impl World {
    /// Writes a note and returns its id.
    pub fn add_note(&mut self, new: NewNote<'_>, now: Timestamp) -> u64 {
        self.insert_note(new, false, now)
    }

    /// What GitLab writes by itself: "closed", "added ~bug label".
    pub fn add_system_note(&mut self, noteable: Noteable, author: u64, body: &str, now: Timestamp) {
        let new = NewNote {
            noteable,
            place: Place::Comment,
            author,
            body,
            internal: false,
        };
        self.insert_note(new, true, now);
    }

    fn insert_note(&mut self, new: NewNote<'_>, system: bool, now: Timestamp) -> u64 {
        let id = self.next_id("note");
        let position = match &new.place {
            Place::Thread(position) => position.clone(),
            Place::Reply(thread) => self.first_note(thread).and_then(|n| n.position.clone()),
            Place::Comment => None,
        };
        let resolvable =
            !matches!(new.place, Place::Comment) && !matches!(new.noteable, Noteable::Commit(..));
        let discussion = self.open_discussion(&new);
        let suggestions = match position {
            Some(_) => self.read_suggestions(new.body, position.as_ref()),
            None => Vec::new(),
        };
        if let Some(thread) = self.discussions.get_mut(&discussion) {
            thread.notes.push(id);
            // Somebody answered: the comment has become a thread.
            if matches!(new.place, Place::Reply(_)) {
                thread.individual_note = false;
            }
        }
        let note = Note {
            id,
            discussion,
            noteable: new.noteable,
            author: new.author,
            body: new.body.to_owned(),
            system,
            internal: new.internal,
            resolvable,
            resolved: None,
            position,
            suggestions,
            awards: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        self.notes.insert(id, note);
        id
    }

    fn open_discussion(&mut self, new: &NewNote<'_>) -> String {
        if let Place::Reply(thread) = &new.place {
            return thread.clone();
        }
        let mut id = self.ids.hex("discussion", 40);
        // The seed drew from the same source: an id that is taken is drawn again.
        while self.discussions.contains_key(&id) {
            id = self.ids.hex("discussion", 40);
        }
        let discussion = Discussion {
            id: id.clone(),
            noteable: new.noteable.clone(),
            individual_note: matches!(new.place, Place::Comment),
            notes: Vec::new(),
        };
        self.discussions.insert(id.clone(), discussion);
        id
    }

    /// The note a thread began with.
    pub fn first_note(&self, discussion: &str) -> Option<&Note> {
        let first = self.discussions.get(discussion)?.notes.first()?;
        self.notes.get(first)
    }

    /// Every note on something, oldest first.
    pub fn notes_on<'a>(&'a self, noteable: &'a Noteable) -> impl Iterator<Item = &'a Note> {
        self.notes
            .values()
            .filter(move |note| note.noteable == *noteable)
    }

    /// Every thread and comment on something, in the order they began.
    pub fn discussions_on(&self, noteable: &Noteable) -> Vec<&Discussion> {
        let mut found: Vec<&Discussion> = self
            .discussions
            .values()
            .filter(|thread| thread.noteable == *noteable && !thread.notes.is_empty())
            .collect();
        found.sort_by_key(|thread| thread.notes.first().copied());
        found
    }

    /// Whether a thread that can be resolved still is not.
    pub fn has_open_threads(&self, noteable: &Noteable) -> bool {
        self.notes_on(noteable)
            .any(|note| note.resolvable && note.resolved.is_none())
    }

    /// Resolves or reopens every note of a thread.
    pub fn resolve_discussion(&mut self, id: &str, by: Option<(u64, Timestamp)>) {
        let notes = self.discussions.get(id).map(|thread| thread.notes.clone());
        for note in notes.unwrap_or_default() {
            if let Some(note) = self.notes.get_mut(&note).filter(|note| note.resolvable) {
                note.resolved = by;
            }
        }
    }

    /// Takes a note away, and its thread when it was the last one.
    pub fn remove_note(&mut self, id: u64) {
        let Some(note) = self.notes.remove(&id) else {
            return;
        };
        if let Some(thread) = self.discussions.get_mut(&note.discussion) {
            thread.notes.retain(|other| *other != id);
            if thread.notes.is_empty() {
                self.discussions.remove(&note.discussion);
            }
        }
    }

    /// Takes everything away that was written on something.
    pub fn remove_notes_on(&mut self, noteable: &Noteable) {
        self.notes.retain(|_, note| note.noteable != *noteable);
        self.discussions
            .retain(|_, thread| thread.noteable != *noteable);
    }
}
