//! Reading repositories: branches, trees, files, commits, comparisons.

use serde_json::json;

use crate::client::Client;
use crate::company;

const MAIN: &str = "/projects/larkspur%2Fmusic-box/repository";

#[tokio::test]
async fn a_slash_in_a_branch_name_is_one_segment() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let branch = bob
        .get(&format!("{MAIN}/branches/feature%2Fcrank-sensor"))
        .await
        .expect(200)
        .json();
    assert_eq!(branch["name"], "feature/crank-sensor");
    assert_eq!(branch["merged"], false);
    let reply = bob
        .get(&format!("{MAIN}/branches/feature/crank-sensor"))
        .await
        .expect(404);
    assert_eq!(reply.json(), json!({"error": "404 Not Found"}));
}

#[tokio::test]
async fn file_json_raw_and_head_tell_the_same_facts() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let path = format!("{MAIN}/files/docs%2FAssembly%20guide%2Emd");
    let file = bob
        .get(&format!("{path}?ref=main"))
        .await
        .expect(200)
        .json();
    assert_eq!(file["file_path"], "docs/Assembly guide.md");
    let raw = bob.get(&format!("{path}/raw?ref=main")).await.expect(200);
    assert!(raw.text().starts_with("# Assembly guide"));
    assert_eq!(raw.body.len() as u64, file["size"].as_u64().unwrap());
    let head = bob
        .send("HEAD", &format!("{path}?ref=main"), None)
        .await
        .expect(200);
    assert!(head.body.is_empty());
    for reply in [&raw, &head] {
        assert_eq!(reply.header("x-gitlab-blob-id"), file["blob_id"].as_str());
        assert_eq!(
            reply.header("x-gitlab-last-commit-id"),
            file["last_commit_id"].as_str()
        );
        assert_eq!(
            reply.header("x-gitlab-content-sha256"),
            file["content_sha256"].as_str()
        );
        assert_eq!(
            reply.header("x-gitlab-file-path"),
            Some("docs/Assembly guide.md")
        );
    }
    bob.get(&format!("{path}?ref=nowhere")).await.expect(404);
}

#[tokio::test]
async fn a_tree_walks_by_keyset_to_the_end_without_repeating() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let all = bob
        .get(&format!("{MAIN}/tree?recursive=true&per_page=100"))
        .await
        .expect(200)
        .json();
    let all: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["path"].clone())
        .collect();
    let mut next = format!("/api/v4{MAIN}/tree?recursive=true&pagination=keyset&per_page=4");
    let mut seen = Vec::new();
    loop {
        let page = bob.raw("GET", &next, "", "").await.unwrap().expect(200);
        seen.extend(
            page.json()
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["path"].clone()),
        );
        assert_eq!(page.header("x-total"), None);
        let Some(link) = page.header("link") else {
            break;
        };
        let address = link.split(['<', '>']).nth(1).unwrap();
        next = address.strip_prefix(gl.url()).unwrap().to_owned();
    }
    assert_eq!(seen, all);
    assert!(all.contains(&json!("docs/Assembly guide.md")));
}

#[tokio::test]
async fn commits_are_filtered_by_path_and_author_and_not_counted() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let reply = bob
        .get(&format!("{MAIN}/commits?path=src/cylinder.rs"))
        .await
        .expect(200);
    assert_eq!(reply.header("x-total"), None);
    let titles: Vec<_> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["title"].clone())
        .collect();
    assert_eq!(
        titles,
        [
            json!("Drop pins beyond the last tooth"),
            json!("Begin with a crank and a comb")
        ]
    );
    let by_bob = bob
        .get(&format!("{MAIN}/commits?author=bob%40"))
        .await
        .json();
    assert!(
        by_bob
            .as_array()
            .unwrap()
            .iter()
            .all(|c| c["author_name"] == "Bob Lindqvist")
    );
}

#[tokio::test]
async fn a_commit_has_stats_and_a_unified_diff() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let commit = bob
        .get(&format!("{MAIN}/commits/docs-rewrite"))
        .await
        .expect(200)
        .json();
    assert_eq!(
        commit["stats"],
        json!({"additions": 1, "deletions": 1, "total": 2})
    );
    let diff = bob
        .get(&format!("{MAIN}/commits/docs-rewrite/diff"))
        .await
        .expect(200)
        .json();
    let text = diff[0]["diff"].as_str().unwrap();
    assert!(text.starts_with("@@ -2,5 +2,5 @@\n"), "{text}");
    assert!(text.contains("\n+3. Wind the spring four turns. Not five: the spring remembers.\n"));
    let unified = bob
        .get(&format!("{MAIN}/commits/docs-rewrite/diff?unidiff=true"))
        .await
        .json();
    assert!(
        unified[0]["diff"]
            .as_str()
            .unwrap()
            .starts_with("--- a/docs/Assembly guide.md\n")
    );
}

#[tokio::test]
async fn compare_starts_at_the_merge_base() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let path = format!("{MAIN}/compare?from=main&to=feature%2Fcrank-sensor");
    let compared = bob.get(&path).await.expect(200).json();
    assert_eq!(compared["commits"].as_array().unwrap().len(), 2);
    assert_eq!(compared["commit"]["title"], "Show the tempo while playing");
    let paths: Vec<_> = compared["diffs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["new_path"].clone())
        .collect();
    assert_eq!(paths, [json!("src/main.rs"), json!("src/sensor.rs")]);
    let straight = bob.get(&format!("{path}&straight=true")).await.json();
    assert_eq!(straight["diffs"].as_array().unwrap().len(), 3);
    let base = bob
        .get(&format!(
            "{MAIN}/merge_base?refs[]=main&refs[]=docs-rewrite"
        ))
        .await;
    assert_eq!(
        base.expect(200).json()["title"],
        "Add a lullaby for the second cylinder"
    );
}

#[tokio::test]
async fn blame_names_the_commit_of_each_line() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let blame = bob
        .get(&format!("{MAIN}/files/src%2Fcylinder.rs/blame"))
        .await
        .expect(200)
        .json();
    let hunks = blame.as_array().unwrap();
    let of = |line: &str| {
        let has = |h: &&serde_json::Value| h["lines"].as_array().unwrap().contains(&json!(line));
        hunks.iter().find(has).unwrap()["commit"]["title"].clone()
    };
    assert_eq!(
        of("use crate::comb::TEETH;"),
        "Drop pins beyond the last tooth"
    );
    assert_eq!(of("    pins: Vec<usize>,"), "Begin with a crank and a comb");
    let part = format!("{MAIN}/files/src%2Fcylinder.rs/blame?range[start]=3&range[end]=3");
    let part = bob.get(&part).await.expect(200).json();
    assert_eq!(part[0]["lines"], json!(["use crate::comb::TEETH;"]));
}

#[tokio::test]
async fn tags_are_newest_first_and_blobs_come_by_id() {
    let gl = company().await;
    let bob = Client::of(&gl, "bob");
    let tags = bob.get(&format!("{MAIN}/tags")).await.expect(200).json();
    assert_eq!(tags[0]["name"], "v1.1.0");
    assert_eq!(tags[0]["message"], "Nineteen pins are too many");
    let file = bob
        .get(&format!("{MAIN}/files/README.md"))
        .await
        .expect(200)
        .json();
    let content = format!("{MAIN}/blobs/{}/raw", file["blob_id"].as_str().unwrap());
    assert!(
        bob.get(&content)
            .await
            .expect(200)
            .text()
            .starts_with("# Music Box")
    );
}

#[tokio::test]
async fn code_of_private_projects_is_not_for_guests() {
    let gl = company().await;
    let carol = Client::of(&gl, "carol");
    carol.get("/projects/larkspur%2Fledger").await.expect(200);
    carol
        .get("/projects/larkspur%2Fledger/repository/tree")
        .await
        .expect(403);
    Client::anonymous(&gl)
        .get(&format!("{MAIN}/tree"))
        .await
        .expect(200);
    Client::anonymous(&gl)
        .get("/projects/larkspur%2Fledger/repository/tree")
        .await
        .expect(404);
}
