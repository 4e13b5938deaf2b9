//! A browser for the tests of the sign-in: it keeps cookies, follows what it is given, presses the
//! buttons of the consent page, and lets a person authorize at GitLab.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use url::Url;

use super::{BASE, Bench};
use crate::authorization_server::AuthorizationServer;
use crate::authorization_server::client::Registration;
use crate::authorization_server::page::field;

/// The verifier of every client of these tests. RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// Its challenge.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// A client, and where its codes go.
pub(crate) const CLIENT: &str = "client-of-this-test";
/// The redirect URI of that client that most tests use.
pub(crate) const REDIRECT: &str = "https://app.example/cb?tenant=1";

/// One answer, read.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Seen {
    async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// Where a redirect leads.
    pub(crate) fn location(&self) -> Option<Url> {
        let value = self.headers.get(LOCATION)?;
        Some(Url::parse(value.to_str().unwrap()).unwrap())
    }

    /// Where the browser goes from here: by a redirect, or by a page that leads on.
    pub(crate) fn leads_to(&self) -> Option<Url> {
        let refresh = || {
            let (_, rest) = self.body.split_once("content=\"0;url=")?;
            let address = rest.split('"').next()?.replace("&amp;", "&");
            Some(Url::parse(&address).unwrap())
        };
        self.location().or_else(refresh)
    }

    /// A hidden field of the form.
    pub(crate) fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&start).expect("a form");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Whether this is the page that asks.
    pub(crate) fn asks(&self) -> bool {
        self.status == StatusCode::OK && self.body.contains("value=\"approve\"")
    }
}

/// A parameter of a URL.
pub(crate) fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut all = url.query_pairs().filter(|(key, _)| key == name);
    let value = all.next().map(|(_, value)| value.into_owned());
    assert!(all.next().is_none(), "{name} stands twice");
    value
}

/// A browser that visits the server of a bench.
pub(crate) struct Browser<'a> {
    bench: &'a Bench,
    /// The replica it reaches.
    pub(crate) server: Arc<AuthorizationServer>,
    pub(crate) cookies: BTreeMap<String, String>,
    /// Sent along with everything.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Bench {
    /// A browser without cookies.
    pub(crate) fn visitor(&self) -> Browser<'_> {
        Browser {
            bench: self,
            server: Arc::clone(&self.server),
            cookies: BTreeMap::new(),
            headers: vec![("sec-fetch-site", "none".to_owned())],
        }
    }

    /// Registers [`CLIENT`] with these redirect URIs.
    pub(crate) async fn register(&self, redirect_uris: &[&str]) {
        self.register_as(CLIENT, redirect_uris).await;
    }

    /// Registers a client under any id.
    pub(crate) async fn register_as(&self, id: &str, redirect_uris: &[&str]) {
        let registration = Registration {
            id: id.to_owned(),
            name: "Editor via GitLab MCP Server".to_owned(),
            redirect_uris: redirect_uris.iter().map(|&uri| uri.to_owned()).collect(),
            issued_at: super::START,
            used_at: None,
        };
        let life = std::time::Duration::from_hours(24 * 180);
        let records = &self.server.records;
        assert!(records.put_new(id, &registration, life).await.unwrap());
    }
}

/// What [`CLIENT`] asks for, with changes: `None` leaves a parameter out.
pub(crate) fn asking(changes: &[(&str, Option<&str>)]) -> String {
    let mut all = BTreeMap::from([
        ("client_id", CLIENT),
        ("redirect_uri", REDIRECT),
        ("response_type", "code"),
        ("state", "state of the client"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    for (name, value) in changes {
        match value {
            Some(value) => all.insert(name, value),
            None => all.remove(name),
        };
    }
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(all)
        .finish();
    format!("/authorize?{query}")
}

/// The form with which `client` redeems a code for [`REDIRECT`].
pub(crate) fn redeeming<'a>(client: &'a str, code: &'a str) -> [(&'a str, &'a str); 5] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ]
}

/// The form with which `client` uses a refresh token.
pub(crate) fn renewing<'a>(client: &'a str, token: &'a str) -> [(&'a str, &'a str); 3] {
    [
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_id", client),
    ]
}

impl Browser<'_> {
    /// Goes to a path of the server, or to one of its URLs.
    pub(crate) async fn open(&mut self, address: &str) -> Seen {
        self.get(address, "text/html,*/*;q=0.8").await
    }

    /// As [`Browser::open`], for whom nobody looks.
    pub(crate) async fn get(&mut self, address: &str, accept: &str) -> Seen {
        let request = self.request(Method::GET, address).header(ACCEPT, accept);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form to `/consent`, as a page of ours does.
    pub(crate) async fn post(&mut self, fields: &[(&str, &str)]) -> Seen {
        self.post_with(fields, &[("origin", BASE)]).await
    }

    /// Sends a form with these headers.
    pub(crate) async fn post_with(
        &mut self,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Seen {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let mut request = self.request(Method::POST, "/consent");
        let sent = request.headers_mut().unwrap();
        sent.remove("sec-fetch-site");
        sent.insert(
            CONTENT_TYPE,
            "application/x-www-form-urlencoded".parse().unwrap(),
        );
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            sent.insert(name, value.parse().unwrap());
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Presses a button of the consent page.
    pub(crate) async fn press(&mut self, page: &Seen, decision: &str) -> Seen {
        let (transaction, csrf) = (page.field(field::TRANSACTION), page.field(field::CSRF));
        self.post(&[
            (field::TRANSACTION, &transaction),
            (field::CSRF, &csrf),
            (field::DECISION, decision),
        ])
        .await
    }

    /// Opens what a client asks for, approves, and hands back where GitLab is.
    pub(crate) async fn approve(&mut self, asking: &str) -> Url {
        let page = self.open(asking).await;
        assert!(page.asks(), "{page:?}");
        let sent = self.press(&page, field::APPROVE).await;
        sent.leads_to().expect("the way to GitLab")
    }

    /// Signs `user` in at GitLab and hands back the URL GitLab sends the browser to.
    pub(crate) async fn authorize_as(&self, user: &str, at: &Url) -> Url {
        let mut gitlab = self.bench.gitlab.browser(user);
        Url::parse(&gitlab.approve(at.as_str()).await.unwrap()).unwrap()
    }

    /// The whole sign-in of `user`: from the client's link to the answer that leads back to it.
    pub(crate) async fn sign_in(&mut self, asking: &str, user: &str) -> Seen {
        let gitlab = self.approve(asking).await;
        let back = self.authorize_as(user, &gitlab).await;
        self.open(back.as_str()).await
    }

    fn request(&self, method: Method, address: &str) -> http::request::Builder {
        let path = address.strip_prefix(BASE).unwrap_or(address);
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        request
    }

    /// Sends any request with the cookies of this browser, and keeps those of the answer.
    pub(crate) async fn send(&mut self, mut request: Request<Body>) -> Seen {
        if !self.cookies.is_empty() {
            let cookies = self.cookies.iter();
            let cookies: Vec<String> = cookies
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let cookies = cookies.join("; ").parse().unwrap();
            request.headers_mut().insert(COOKIE, cookies);
        }
        let server = Arc::clone(&self.server);
        let path = request.uri().path().to_owned();
        let response = match path.as_str() {
            "/authorize" => server.authorize(request).await,
            "/consent" => server.consent(request).await,
            "/callback" | "/oauth/callback" => server.callback(request).await,
            path => panic!("there is no {path}"),
        };
        let seen = Seen::of(response).await;
        for cookie in seen.headers.get_all(SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let cookie = cookie::Cookie::parse_encoded(text).unwrap();
            assert!(
                cookie.http_only() == Some(true) && cookie.path() == Some("/"),
                "{text}"
            );
            assert!(text.contains("SameSite=Lax"), "{text}");
            assert!(
                cookie.secure() == Some(true) && text.starts_with("__Host-"),
                "{text}"
            );
            if cookie
                .max_age()
                .is_some_and(cookie::time::Duration::is_zero)
            {
                self.cookies.remove(cookie.name());
            } else {
                let (name, value) = (cookie.name().to_owned(), cookie.value().to_owned());
                self.cookies.insert(name, value);
            }
        }
        seen
    }
}
