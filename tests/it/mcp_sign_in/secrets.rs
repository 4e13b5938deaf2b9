//! Logins that are used all the time: no token of GitLab's is told to anybody, none of ours reaches
//! GitLab, and none is lost by a client that hangs up.

use std::time::Duration;

use gitlab_mcp_tests::{Era, eventually};
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::desk::{Desk, Setting, text};

/// Everything GitLab received.
fn received(desk: &Desk) -> Vec<String> {
    let all = desk.gitlab.log().all();
    let text = |record: &mock_gitlab::Record| {
        let body = String::from_utf8_lossy(&record.body);
        format!(
            "{} {}?{} {:?} {body}",
            record.method, record.path, record.query, record.headers
        )
    };
    all.iter().map(text).collect()
}

/// What a token is good for, in both eras; the answers.
async fn work(desk: &Desk, access: &str) -> Vec<String> {
    let mut answers = Vec::new();
    for era in [Era::Modern, Era::Legacy] {
        let mut client = desk.mcp(access, era).await;
        for (tool, arguments) in [
            ("whoami", json!({})),
            ("get_project", json!({ "project_id": 1 })),
            ("list_projects", json!({})),
            ("get_project", json!({ "project_id": "no/such/project" })),
        ] {
            let params = json!({ "name": tool, "arguments": arguments });
            let reply = client.exchange("tools/call", params).await;
            assert_eq!(reply.status, 200, "{reply:?}");
            answers.push(format!("{}\n{}", reply.head, reply.body));
        }
    }
    answers
}

/// Every token GitLab has handed out.
fn of_gitlab(desk: &Desk) -> Vec<String> {
    desk.gitlab.edit(|world| {
        let tokens = world.tokens.iter();
        let pairs =
            tokens.map(|(access, token)| [Some(access.clone()), token.refresh_token.clone()]);
        pairs.flatten().flatten().collect()
    })
}

#[tokio::test]
async fn no_token_crosses_over_while_people_work() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let (mut ours, mut answers) = (Vec::new(), Vec::new());
        for user in ["alice", "bob", "alice"] {
            let mut tokens = desk.signed_in(user).await;
            for _ in 0..3 {
                answers.extend(work(&desk, &tokens.access).await);
                ours.extend([tokens.access.clone(), tokens.refresh.clone()]);
                // Both pairs are made anew.
                desk.pass(7_200);
                let renewed = desk.refresh(&tokens.client, &tokens.refresh).await;
                tokens.access = text(&renewed.message(), "access_token");
                tokens.refresh = text(&renewed.message(), "refresh_token");
            }
        }
        answers.extend(desk.told());
        let (theirs, received) = (of_gitlab(&desk), received(&desk));
        let holds = |text: &String, all: &[String]| all.iter().any(|one| text.contains(one));
        // What must be there is found.
        assert!(received.iter().any(|text| holds(text, &theirs)));
        assert!(answers.iter().any(|text| holds(text, &ours)));
        let seen = (theirs.len(), answers.len());
        assert!(seen.0 > 20 && seen.1 > 80, "{seen:?}");
        for answer in &answers {
            assert!(!holds(answer, &theirs), "{setting:?}: {answer}");
        }
        for request in &received {
            let signs = ["gmat_", "gmrt_", "gmac_"];
            assert!(
                !signs.iter().any(|sign| request.contains(sign)),
                "{request}"
            );
            assert!(!holds(request, &ours), "{setting:?}: {request}");
        }
    }
}

#[tokio::test]
async fn a_client_that_hangs_up_on_its_refresh_loses_nothing() {
    for setting in Setting::ALL {
        let desk = Desk::with(setting, &[]).await;
        let mut tokens = desk.signed_in("alice").await;
        for round in 0..40_u64 {
            // GitLab's own pair is due every time.
            desk.pass(7_200);
            let body = format!(
                "grant_type=refresh_token&refresh_token={}&client_id={}",
                tokens.refresh, tokens.client
            );
            let request = format!(
                "POST /token HTTP/1.1\r\nHost: mcp.example\r\nContent-Length: {}\r\n\
                 Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}",
                body.len()
            );
            let mut socket = TcpStream::connect(desk.address()).await.unwrap();
            socket.write_all(request.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_micros(round * 200)).await;
            drop(socket);
            let answered = desk.refresh(&tokens.client, &tokens.refresh).await;
            assert_eq!(answered.status, 200, "{setting:?} {round}: {answered:?}");
            tokens.access = text(&answered.message(), "access_token");
            tokens.refresh = text(&answered.message(), "refresh_token");
            let listed = desk.ping(Some(&tokens.access)).await;
            assert_eq!(listed.status, 200, "{setting:?} {round}: {listed:?}");
        }
        assert_eq!(desk.whoami(&tokens.access).await, "alice");
        // One renewal for each round, however it was cut off.
        let renewals = eventually("the last renewal", || async {
            let all = desk.gitlab.log().of("POST /oauth/token").count();
            (all >= 41).then_some(all)
        });
        assert_eq!(renewals.await, 41, "{setting:?}");
    }
}
