//! World `empty`: a fresh instance with its administrator.

use crate::clock::Timestamp;
use crate::world::{Token, User, World};

/// Token of `root` in world `empty`, and the one python-gitlab's own tests bring along.
const TOKENS: [&str; 2] = ["glpat-root-empty-00001", "glpat-python-gitlab-token_"];

pub(crate) fn plant(world: &mut World) {
    let now = Timestamp::parse("2026-01-01T08:00:00Z").unwrap_or_default();
    let id = world.next_id("user");
    let namespace_id = world.next_id("namespace");
    world.users.insert(
        id,
        User {
            id,
            namespace_id,
            username: "root".to_owned(),
            name: "Administrator".to_owned(),
            email: "root@gitlab.example".to_owned(),
            password: "root-keeps-the-keys".to_owned(),
            state: "active".to_owned(),
            admin: true,
            created_at: now,
            ..User::default()
        },
    );
    for value in TOKENS {
        let number = world.next_id("personal token");
        let token = Token::personal(number, id, "administration", &["api", "sudo"], now);
        world.tokens.insert(value.to_owned(), token);
    }
}
