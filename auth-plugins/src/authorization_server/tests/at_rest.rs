//! What the store holds: nothing that can be used by whoever reads it, and nothing that opens a login
//! it was not made for.

use gitlab_mcp_store::{Backend, Change, Held, MAX_VALUE, Namespace, Place, Store, Value, open};

use super::*;
use crate::authorization_server::bench::replicas::REVOKE;
use crate::authorization_server::rules::DeviceRule;
use mock_gitlab::Fault;
use std::time::Duration;

#[cfg(feature = "servers")]
mod databases;

/// Everything in a store, as its values are.
async fn everything(store: &Arc<dyn Store>) -> Vec<(Namespace, String, Held)> {
    let mut all = Vec::new();
    for namespace in Namespace::ALL {
        let rows = store.lowest(namespace, i64::MAX, 100_000).await.unwrap();
        all.extend(rows.into_iter().map(|(key, held)| (namespace, key, held)));
    }
    all
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    let secret = secret.as_bytes();
    bytes.windows(secret.len()).any(|part| part == secret)
}

/// What a login of `client` is about, in one of the states a login can be in.
async fn login(bench: &Bench, turn: &Turn, client: &str, number: usize) -> Vec<String> {
    let story = turn.sign_in(bench, client, "alice").await;
    let state = parameter(&story.back, "state").unwrap();
    let mut secrets = [story.ours, story.gitlabs, vec![state]].concat();
    if number.is_multiple_of(10) {
        // Its code stays where it is.
        return secrets;
    }
    let first = turn.redeem(client, &story.code).await.pair();
    let pair = turn.refresh(client, &first.refresh).await.pair();
    let claims = bench.server.tokens.open_access(&base(), &pair.access);
    let claims = claims.unwrap();
    let login = bench.server.login(&claims.sid).await.unwrap().unwrap();
    secrets.push(login.record.access.expose().to_owned());
    secrets.push(login.record.refresh.unwrap().expose().to_owned());
    secrets.extend([claims.sid, claims.jti, first.access, first.refresh]);
    match number % 10 {
        1 => drop(turn.revoke(client, &pair.access).await),
        2 => drop(turn.revoke(client, &pair.refresh).await),
        _ => {}
    }
    secrets.extend([pair.access, pair.refresh]);
    secrets
}

/// Logins in every state there is, and everything about them that somebody could use.
async fn busy(bench: &Bench, turn: &Turn, logins: usize) -> Vec<String> {
    let mut secrets = Vec::new();
    let client = turn.client().await;
    for number in 0..logins {
        secrets.extend(login(bench, turn, &client, number).await);
    }
    // On its way through GitLab.
    let asked = asking(&[("client_id", Some(&client))]);
    let gitlab = bench.visitor().approve(&asked).await;
    secrets.push(parameter(&gitlab, "state").unwrap());
    // On its way by device.
    let form = [("client_id", client.as_str())];
    let request = posted("/oauth/device_authorization", &form);
    let begun = answered(turn.next().device_authorization(request).await).await;
    for name in ["device_code", "user_code"] {
        secrets.push(begun.body[name].as_str().unwrap().to_owned());
    }
    let devices: Vec<String> = bench
        .gitlab
        .edit(|world| world.oauth.devices.keys().cloned().collect());
    secrets.extend(devices);
    bench.server.settle().await;
    secrets
}

fn rules() -> Rules {
    Rules {
        device: DeviceRule::On,
        ..unlimited()
    }
}

#[tokio::test]
async fn whoever_reads_the_store_finds_nothing_to_use() {
    let (bench, turn) = alone(rules()).await;
    // What was revoked is still to be told to GitLab.
    let away = Fault::status(503).on(REVOKE);
    bench.gitlab.faults().add(away);
    let secrets = Box::pin(busy(&bench, &turn, 100)).await;
    assert!(secrets.len() > 1_000, "{}", secrets.len());
    let all = everything(bench.server.records.store()).await;
    for namespace in Namespace::ALL {
        let found = all.iter().any(|(of, _, _)| *of == namespace);
        // What people approved is not kept apart from their logins.
        assert_eq!(found, namespace != Namespace::Approval, "{namespace:?}");
    }
    for (namespace, key, held) in all {
        for secret in &secrets {
            assert!(!key.contains(secret.as_str()), "{namespace:?}");
            assert!(!holds(&held.value.bytes, secret), "{namespace:?}");
        }
    }
}

#[tokio::test]
async fn whoever_reads_the_file_finds_nothing_to_use() {
    let folder = std::env::temp_dir().join(format!("gitlab-mcp-at-rest-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("state.db");
    let bench = bench_with(rules()).await;
    let patience = Duration::from_secs(5);
    let backend = Backend::Sqlite { path };
    let store = open(&backend, "x_", patience, bench.clock.clone()).await;
    let server = bench.replica(store.unwrap(), bench.clock.clone());
    let bench = Bench { server, ..bench };
    let turn = Turn::of(vec![Arc::clone(&bench.server)]);
    let secrets = Box::pin(busy(&bench, &turn, 20)).await;
    let mut read = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        read += bytes.len();
        for secret in &secrets {
            assert!(!holds(&bytes, secret), "{secret}");
        }
    }
    assert!(read > 10_000, "{read}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A row of a login and what is written there instead.
type Damage = (&'static str, fn(&[u8], &[u8]) -> Vec<u8>);

const DAMAGES: [Damage; 7] = [
    ("the row of another login", |_, other| other.to_vec()),
    ("nothing", |_, _| Vec::new()),
    ("half of it", |own, _| own[..own.len() / 2].to_vec()),
    ("one bit more", |own, _| {
        let mut changed = own.to_vec();
        changed[own.len() / 2] ^= 1;
        changed
    }),
    ("another layout", |own, _| [&[9], &own[1..]].concat()),
    ("clear text", |_, _| br#"{"sid":"x"}"#.to_vec()),
    ("as much as there is room for", |_, _| vec![b'{'; MAX_VALUE]),
];

#[tokio::test]
async fn a_damaged_row_ends_its_own_login_and_no_other() {
    let (bench, turn) = alone(unlimited()).await;
    let store = Arc::clone(bench.server.records.store());
    let (_, bystander) = signed_in(&bench, &turn, "bob").await;
    for (name, damage) in DAMAGES {
        let before = everything(&store).await;
        let (client, own) = signed_in(&bench, &turn, "alice").await;
        let (_, other) = signed_in(&bench, &turn, "alice").await;
        let all = everything(&store).await;
        let rows = all.iter().filter(|row| row.0 == Namespace::Login);
        let fresh = rows.filter(|row| !before.iter().any(|old| old.1 == row.1));
        let mut fresh: Vec<_> = fresh.collect();
        fresh.sort_by_key(|row| !belongs(&bench, row, &own.access));
        let [(_, key, held), (_, _, another)] = fresh[..] else {
            panic!("{name}: {} rows", fresh.len());
        };
        let place = Place::new(Namespace::Login, key.clone());
        let change = Change {
            expected: held.version,
            fence: None,
            value: Value::new(damage(&held.value.bytes, &another.value.bytes)),
            life: Duration::from_hours(1),
        };
        store.update(&place, change).await.unwrap();
        assert!(!turn.verifies(&own.access).await, "{name}");
        let refused = turn.refresh(&client, &own.refresh).await;
        assert_eq!(refused.word(), "400 invalid_grant", "{name}");
        assert!(turn.verifies(&other.access).await, "{name}");
        assert!(turn.verifies(&bystander.access).await, "{name}");
    }
}

/// Whether a row is the login of an access token.
fn belongs(bench: &Bench, row: &(Namespace, String, Held), access: &str) -> bool {
    let claims = bench.server.tokens.open_access(&base(), access).unwrap();
    let places = bench
        .server
        .keys
        .look_up(Namespace::Login.name(), &claims.sid);
    places.contains(&row.1)
}
