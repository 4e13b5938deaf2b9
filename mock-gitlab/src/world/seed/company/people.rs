//! The people of Larkspur and their well-known secrets.

use crate::clock::Timestamp;
use crate::world::{Token, User, World};

/// Someone who works at Larkspur. Passwords and tokens are known on purpose: this
/// is a test double.
struct Person {
    username: &'static str,
    name: &'static str,
    password: &'static str,
    tokens: &'static [(&'static str, &'static [&'static str])],
    title: &'static str,
    location: &'static str,
    bio: &'static str,
    joined: &'static str,
}

const PEOPLE: [Person; 4] = [
    Person {
        username: "root",
        name: "Odile Fennimore",
        password: "root-keeps-the-keys",
        tokens: &[("glpat-root-company-00001", &["api", "sudo", "admin_mode"])],
        title: "Keeper of the instance",
        location: "Back office",
        bio: "Winds the clocks on Monday morning.",
        joined: "2025-01-07T08:00:00Z",
    },
    Person {
        username: "alice",
        name: "Alice Okonjo",
        password: "alice-winds-the-spring",
        tokens: &[
            ("glpat-alice-company-0001", &["api"]),
            ("glpat-alice-company-read", &["read_api"]),
        ],
        title: "Head of mechanisms",
        location: "Workshop, bench 1",
        bio: "Can hear a bent tooth through two walls.",
        joined: "2025-01-13T08:30:00Z",
    },
    Person {
        username: "bob",
        name: "Bob Lindqvist",
        password: "bob-tunes-the-comb",
        tokens: &[
            ("glpat-bob-company-000001", &["api"]),
            ("glpat-bob-company-user01", &["read_user"]),
        ],
        title: "Comb tuner",
        location: "Workshop, bench 3",
        bio: "Wrote the tempo governor. Rewrote it twice.",
        joined: "2025-03-03T08:30:00Z",
    },
    Person {
        username: "carol",
        name: "Carol Marchetti",
        password: "carol-picks-the-tune",
        tokens: &[("glpat-carol-company-0001", &["api"])],
        title: "Customer letters",
        location: "Shop front",
        bio: "Knows every tune by its customer.",
        joined: "2025-06-16T09:00:00Z",
    },
];

pub(super) fn plant(world: &mut World) {
    for person in &PEOPLE {
        let created_at = Timestamp::parse(person.joined).unwrap_or_default();
        let id = world.next_id("user");
        let namespace_id = world.next_id("namespace");
        let user = User {
            id,
            namespace_id,
            username: person.username.to_owned(),
            name: person.name.to_owned(),
            email: format!("{}@larkspur.example", person.username),
            password: person.password.to_owned(),
            state: "active".to_owned(),
            admin: person.username == "root",
            bio: person.bio.to_owned(),
            location: person.location.to_owned(),
            job_title: person.title.to_owned(),
            created_at,
            ..User::default()
        };
        world.users.insert(id, user);
        for (value, scopes) in person.tokens {
            let number = world.next_id("personal token");
            let token = Token::personal(number, id, "well known", scopes, created_at);
            world.tokens.insert((*value).to_owned(), token);
        }
    }
}
