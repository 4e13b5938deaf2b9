//! The browser of a user, and what it reads on pages.

use std::collections::BTreeMap;

use gitlab_mcp_tests::{Reply, Request};

use super::{BASE, Desk, form};

/// A browser: it keeps cookies and knows how to press a button.
#[derive(Debug, Default)]
pub(crate) struct Browser {
    cookies: BTreeMap<String, String>,
}

impl Browser {
    async fn send(&mut self, desk: &Desk, request: Request) -> Reply {
        let jar: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = if jar.is_empty() {
            request
        } else {
            request.header("Cookie", &jar.join("; "))
        };
        let reply = desk.send(&request).await;
        let lines = reply.head.lines().filter_map(|line| line.split_once(':'));
        for (_, value) in lines.filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")) {
            let pair = value.split(';').next().unwrap_or_default();
            let (name, value) = pair.trim().split_once('=').unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                desk.watch(value);
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    pub(crate) async fn open(&mut self, desk: &Desk, path: &str) -> Reply {
        let request = Desk::request("GET", path).header("Accept", "text/html");
        self.send(desk, request).await
    }

    /// Presses Approve on the consent page `html`.
    pub(crate) async fn approve(&mut self, desk: &Desk, html: &str) -> Reply {
        let fields = [
            ("tx", input(html, "tx")),
            ("csrf", input(html, "csrf")),
            ("decision", "approve".to_owned()),
        ];
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let request = Desk::request("POST", "/consent")
            .header("Accept", "text/html")
            .header("Origin", BASE)
            .header("Sec-Fetch-Site", "same-origin")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form(&fields));
        self.send(desk, request).await
    }
}

/// Where a page or a redirect leads.
pub(crate) fn onward(reply: &Reply) -> String {
    if let Some(place) = reply.header("location") {
        return place.to_owned();
    }
    let (_, rest) = reply.body.split_once("href=\"").unwrap_or_default();
    let (place, _) = rest.split_once('"').unwrap_or_default();
    assert!(!place.is_empty(), "{reply:?}");
    place.replace("&amp;", "&")
}

/// The value of a form field.
fn input(html: &str, name: &str) -> String {
    let (_, rest) = html
        .split_once(&format!("name=\"{name}\" value=\""))
        .unwrap_or_else(|| unreachable!("no field {name} in {html}"));
    rest.split('"').next().unwrap_or_default().to_owned()
}
