//! The OAuth applications of Larkspur, with well-known ids and secrets.
//! <https://docs.gitlab.com/integration/oauth_provider/>

use crate::clock::Timestamp;
use crate::world::{Application, World};

/// Name, client id, client secret, confidential.
const APPLICATIONS: [(&str, &str, &str, bool); 2] = [
    (
        "mcp",
        "6d63702d7075626c69632d6c61726b737075722d6170706c69636174696f6e31",
        "gloas-6d63702d7075626c69632d6c61726b737075722d7365637265742d3030303100",
        false,
    ),
    (
        "mcp-server",
        "6d63702d73657276657220636f6e666964656e7469616c206c61726b73707572",
        "gloas-6d63702d7365727665722d6c61726b737075722d7365637265742d3030303100",
        true,
    ),
];

pub(super) fn plant(world: &mut World) {
    let owner = world.find_user("root").map(|user| user.id);
    for (name, uid, secret, confidential) in APPLICATIONS {
        let id = world.next_id("application");
        let application = Application {
            id,
            uid: uid.to_owned(),
            secret: secret.to_owned(),
            name: name.to_owned(),
            owner,
            redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
            scopes: ["api", "read_api", "read_user"].map(str::to_owned).to_vec(),
            confidential,
            trusted: false,
            dynamic: false,
            device: true,
            created_at: Timestamp::parse("2025-02-03T10:00:00Z").unwrap_or_default(),
        };
        world.applications.insert(id, application);
    }
    world.oauth.open_sign_in = true;
}
