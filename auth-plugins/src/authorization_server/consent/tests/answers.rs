//! Who may answer a form, how often and how long.

use super::*;

/// Changes to an honest answer.
type Change = (&'static str, fn(&mut Vec<(String, String)>));

fn set(fields: &mut Vec<(String, String)>, name: &str, value: &str) {
    fields.retain(|(key, _)| key != name);
    fields.push((name.to_owned(), value.to_owned()));
}

const CHANGES: [Change; 9] = [
    ("no token", |all| all.retain(|(key, _)| key != field::CSRF)),
    ("another token", |all| {
        set(all, field::CSRF, &"A".repeat(43));
    }),
    ("a token and more", |all| {
        let longer = format!("{}A", all[1].1);
        set(all, field::CSRF, &longer);
    }),
    ("no form", |all| {
        all.retain(|(key, _)| key != field::TRANSACTION);
    }),
    ("a changed form", |all| {
        let changed: String = all[0].1.chars().rev().collect();
        set(all, field::TRANSACTION, &changed);
    }),
    ("no decision", |all| {
        all.retain(|(key, _)| key != field::DECISION);
    }),
    ("another decision", |all| set(all, field::DECISION, "yes")),
    ("the decision twice", |all| {
        all.push((field::DECISION.to_owned(), field::CANCEL.to_owned()));
    }),
    ("an access token as form", |all| {
        set(all, field::TRANSACTION, "gmat_AAAA");
    }),
];

/// The headers of other sites, and of what is no form.
const FOREIGN: [&[(&str, &str)]; 6] = [
    &[("origin", "https://evil.example")],
    &[("origin", "null")],
    &[("origin", BASE), ("sec-fetch-site", "cross-site")],
    &[("sec-fetch-site", "same-site")],
    &[("content-type", "text/plain")],
    &[("content-type", "application/json")],
];

/// An approving answer to a page.
fn honest(page: &Seen) -> Vec<(String, String)> {
    [
        (field::TRANSACTION, page.field(field::TRANSACTION)),
        (field::CSRF, page.field(field::CSRF)),
        (field::DECISION, field::APPROVE.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn lent(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    let fields = fields.iter();
    fields
        .map(|(key, value)| (key.as_str(), value.as_str()))
        .collect()
}

#[tokio::test]
async fn an_answer_that_is_not_the_browser_s_own_changes_nothing() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    for (name, change) in CHANGES {
        let mut fields = honest(&page);
        change(&mut fields);
        let seen = browser.post(&lent(&fields)).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{name}");
        assert!(seen.leads_to().is_none(), "{name}");
    }
    let fields = honest(&page);
    for headers in FOREIGN {
        let seen = browser.post_with(&lent(&fields), headers).await;
        assert_eq!(seen.status, StatusCode::FORBIDDEN, "{headers:?}");
    }
    // Another browser: without a cookie, with its own, and with its own token beside a foreign form.
    let mut other = bench.visitor();
    let refused = other.post(&lent(&fields)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let own = honest(&other.open(&asking(&[])).await);
    let refused = other.post(&lent(&fields)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let mixed = [fields[0].clone(), own[1].clone(), own[2].clone()];
    let refused = other.post(&lent(&mixed)).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(pending(&bench).await, 0);
    assert_eq!(bench.gitlab.log().count(), 0);
    // The honest browser still can, and only once.
    let headers = [("origin", BASE), ("sec-fetch-site", "same-origin")];
    let sent = browser.post_with(&lent(&fields), &headers).await;
    assert!(sent.leads_to().is_some(), "{sent:?}");
    let again = browser.post_with(&lent(&fields), &headers).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert_eq!(pending(&bench).await, 1);
}

#[tokio::test]
async fn a_form_is_good_for_ten_minutes() {
    let bench = bench_of_web_client().await;
    for (after, works) in [(599, true), (600, false)] {
        let mut browser = bench.visitor();
        let page = browser.open(&asking(&[])).await;
        bench.clock.advance(Duration::from_secs(after));
        let sent = browser.press(&page, field::APPROVE).await;
        assert_eq!(sent.leads_to().is_some(), works, "{after}");
    }
}

#[tokio::test]
async fn two_pages_may_be_open_at_once() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let first = browser.open(&asking(&[])).await;
    let second = browser.open(&asking(&[])).await;
    for page in [&first, &second] {
        let sent = browser.press(page, field::APPROVE).await;
        assert!(sent.leads_to().is_some());
    }
    assert_eq!(pending(&bench).await, 2);
}

#[tokio::test]
async fn a_form_of_one_purpose_opens_nowhere_else() {
    let bench = bench_of_web_client().await;
    let mut browser = bench.visitor();
    let page = browser.open(&asking(&[])).await;
    let sealed = page.field(field::TRANSACTION);
    let elsewhere = Base::parse("https://other.example").unwrap();
    let here = Base::parse(BASE).unwrap();
    let word = page.field(field::CSRF);
    assert!(bench.server.open_form(&here, &word, &sealed).is_some());
    assert!(bench.server.open_form(&elsewhere, &word, &sealed).is_none());
    let callback = format!("/callback?state={sealed}&code=x");
    assert_eq!(
        browser.open(&callback).await.status,
        StatusCode::BAD_REQUEST
    );
}
