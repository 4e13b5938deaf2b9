//! Records: the many things of a project that are little more than their fields
//! (hooks, badges, mirrors, packages …). What their fields mean is declared beside
//! their routes; here they are kept, found and taken away.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::World;
use crate::clock::Timestamp;

/// What a record belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// The instance.
    Instance,
    /// A user.
    User(u64),
    /// A project.
    Project(u64),
    /// A group.
    Group(u64),
    /// An issue by global id.
    Issue(u64),
    /// A merge request by global id.
    MergeRequest(u64),
    /// Another record: kind and id.
    Record(&'static str, u64),
}

/// One thing with its fields.
#[derive(Clone, Debug)]
pub struct Record {
    /// Number within its kind.
    pub id: u64,
    /// What it is: `hook`, `badge` …
    pub kind: &'static str,
    /// What it belongs to.
    pub home: Home,
    /// Its fields under the API's own names, secrets included.
    pub fields: Map<String, Value>,
    /// The bytes it carries (a package file, an upload).
    pub content: Option<Arc<[u8]>>,
    /// Who made it.
    pub author: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Record {
    /// A field as text; empty when it is something else.
    pub fn text(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// A field as a whole number; 0 when it is something else.
    pub fn number(&self, name: &str) -> u64 {
        self.fields
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    }

    /// A field as a truth value; false when it is something else.
    pub fn flag(&self, name: &str) -> bool {
        self.fields
            .get(name)
            .and_then(Value::as_bool)
            .unwrap_or_default()
    }

    /// Sets a field.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.fields.insert(name.to_owned(), value.into());
    }
}

impl World {
    /// Keeps a new record and returns its id.
    #[expect(
        clippy::too_many_arguments,
        reason = "what a record is made of, once each"
    )]
    pub fn add_record(
        &mut self,
        kind: &'static str,
        home: Home,
        fields: Map<String, Value>,
        author: u64,
        now: Timestamp,
    ) -> u64 {
        let id = self.next_id(kind);
        let record = Record {
            id,
            kind,
            home,
            fields,
            content: None,
            author,
            created_at: now,
            updated_at: now,
        };
        self.records.insert((kind, id), record);
        id
    }

    /// A record by kind and id.
    pub fn record(&self, kind: &'static str, id: u64) -> Option<&Record> {
        self.records.get(&(kind, id))
    }

    /// The same, to be changed.
    pub fn record_mut(&mut self, kind: &'static str, id: u64) -> Option<&mut Record> {
        self.records.get_mut(&(kind, id))
    }

    /// Every record of a kind, oldest first.
    pub fn records_of_kind(&self, kind: &'static str) -> impl DoubleEndedIterator<Item = &Record> {
        self.records
            .range((kind, 0)..=(kind, u64::MAX))
            .map(|(_, record)| record)
    }

    /// The records of a kind that belong to something, oldest first.
    pub fn records_in(
        &self,
        kind: &'static str,
        home: Home,
    ) -> impl DoubleEndedIterator<Item = &Record> {
        self.records_of_kind(kind)
            .filter(move |record| record.home == home)
    }

    /// Takes a record away, and what belongs to it.
    pub fn remove_record(&mut self, kind: &'static str, id: u64) {
        self.records.remove(&(kind, id));
        self.remove_records_in(Home::Record(kind, id));
    }

    /// Takes everything away that belongs to something.
    pub fn remove_records_in(&mut self, home: Home) {
        let inside = self.records.values().filter(|record| record.home == home);
        let inside: Vec<(&'static str, u64)> =
            inside.map(|record| (record.kind, record.id)).collect();
        for (kind, id) in inside {
            self.remove_record(kind, id);
        }
    }

    /// Puts an image into the container registry of a project, as `docker push` does.
    /// `name` is the part behind the path of the project and may be empty.
    pub fn push_image(&mut self, project: u64, name: &str, tag: &str, now: Timestamp) {
        const KIND: &str = "image repository";
        const TAG: &str = "image tag";
        let home = Home::Project(project);
        let known = self
            .records_in(KIND, home)
            .find(|one| one.text("name") == name)
            .map(|one| one.id);
        let author = self.projects.get(&project).map_or(0, |one| one.creator);
        let repository = known.unwrap_or_else(|| {
            let mut fields = Map::new();
            fields.insert("name".to_owned(), name.into());
            self.add_record(KIND, home, fields, author, now)
        });
        let home = Home::Record(KIND, repository);
        let former = self
            .records_in(TAG, home)
            .find(|one| one.text("name") == tag)
            .map(|one| one.id);
        if let Some(id) = former {
            self.remove_record(TAG, id);
        }
        let mut fields = Map::new();
        fields.insert("name".to_owned(), tag.into());
        fields.insert("digest".to_owned(), self.ids.hex("image", 64).into());
        fields.insert("total_size".to_owned(), 4_096_000.into());
        self.add_record(TAG, home, fields, author, now);
    }
}
