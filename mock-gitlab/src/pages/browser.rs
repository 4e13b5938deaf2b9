//! A signed-in browser for tests: it goes through the pages, their forms, the cookie
//! and the CSRF token, over real connections.

use std::io;

use form_urlencoded::Serializer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::form::{Form, attribute, tag_of, text_of};
use crate::instance::MockGitlab;

/// How many redirects within the instance are followed.
const PATIENCE: usize = 10;

/// Why the browser did not get to the end.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// The connection failed.
    #[error("the connection failed: {0}")]
    Network(#[from] io::Error),
    /// The provider refused: the error word of its page, or the text it showed.
    #[error("refused: {0}")]
    Refused(String),
    /// A page that was not expected there.
    #[error("an unexpected page with status {status}: {title}")]
    Unexpected {
        /// Status of the page.
        status: u16,
        /// Its title.
        title: String,
    },
}

/// A browser in which someone signs in; made by [`MockGitlab::browser`].
#[derive(Debug)]
pub struct Browser<'a> {
    gitlab: &'a MockGitlab,
    login: String,
    password: String,
    cookie: Option<String>,
}

/// One answer, read.
struct Loaded {
    status: u16,
    head: String,
    page: String,
}

impl MockGitlab {
    /// A browser in which `username` signs in with the password of the world. Nothing
    /// is sent before it is used.
    pub fn browser(&self, username: &str) -> Browser<'_> {
        let password = self.edit(|world| {
            let user = world.find_user(username);
            user.map(|user| user.password.clone())
        });
        Browser {
            gitlab: self,
            login: username.to_owned(),
            password: password.unwrap_or_default(),
            cookie: None,
        }
    }
}

impl Browser<'_> {
    /// Opens an authorization URL, signs in if asked, and authorizes. The answer is the
    /// address the browser is sent to in the end, with its `code` and `state`.
    pub async fn approve(&mut self, authorize_url: &str) -> Result<String, BrowserError> {
        self.answer(authorize_url, "authorize").await
    }

    /// As [`Browser::approve`], but denies.
    pub async fn deny(&mut self, authorize_url: &str) -> Result<String, BrowserError> {
        self.answer(authorize_url, "deny").await
    }

    /// Types a user code, confirms, and hands back what the page says then.
    pub async fn device(&mut self, user_code: &str) -> Result<String, BrowserError> {
        let page = self.open("/oauth/device").await?;
        let form = page.form("device")?.fill("user_code", user_code);
        let mut page = self.submit(&form).await?;
        if let Ok(form) = page.form("authorize") {
            page = self.submit(&form).await?;
        }
        let said = text_of(&page.page, "flash").ok_or_else(|| page.unexpected())?;
        if said == "Device successfully authorized" {
            Ok(said)
        } else {
            Err(BrowserError::Refused(said))
        }
    }

    /// Signs in and hands back the value of the session cookie and the CSRF token, for
    /// requests to the API the way a page's own scripts make them.
    pub async fn session(&mut self) -> Result<(String, String), BrowserError> {
        let page = self.open("/oauth/device").await?;
        let tag = page
            .page
            .split('<')
            .find(|tag| tag.contains("\"csrf-token\""));
        let csrf = tag.and_then(|tag| attribute(tag, "content"));
        let cookie = self.cookie.clone();
        cookie.zip(csrf).ok_or_else(|| page.unexpected())
    }

    async fn answer(&mut self, url: &str, form: &str) -> Result<String, BrowserError> {
        let page = self.open(url).await?;
        if let Some(tag) = tag_of(&page.page, "continue") {
            return attribute(tag, "href").ok_or_else(|| page.unexpected());
        }
        if let Some(word) = text_of(&page.page, "error") {
            return Err(BrowserError::Refused(word));
        }
        let sent = self.send("POST", &page.form(form)?).await?;
        let place = sent.header("location").map(str::to_owned);
        place.ok_or_else(|| sent.unexpected())
    }

    /// Opens an address of the instance; the sign-in page is dealt with on the way.
    async fn open(&mut self, url: &str) -> Result<Loaded, BrowserError> {
        let form = Form {
            action: url.to_owned(),
            fields: Vec::new(),
        };
        let first = self.send("GET", &form).await?;
        let page = self.follow(first).await?;
        let Some(form) = Form::find(&page.page, "sign_in") else {
            return Ok(page);
        };
        let form = form
            .fill("user[login]", &self.login)
            .fill("user[password]", &self.password);
        let page = self.submit(&form).await?;
        match text_of(&page.page, "message") {
            Some(text) => Err(BrowserError::Refused(text)),
            None => Ok(page),
        }
    }

    async fn submit(&mut self, form: &Form) -> Result<Loaded, BrowserError> {
        let answer = self.send("POST", form).await?;
        self.follow(answer).await
    }

    async fn follow(&mut self, mut answer: Loaded) -> Result<Loaded, BrowserError> {
        for _ in 0..PATIENCE {
            let Some(place) = answer.header("location").map(str::to_owned) else {
                return Ok(answer);
            };
            let form = Form {
                action: place,
                fields: Vec::new(),
            };
            answer = self.send("GET", &form).await?;
        }
        Err(answer.unexpected())
    }

    /// One request. Whatever host stands in the address, it goes to this instance.
    async fn send(&mut self, method: &str, form: &Form) -> Result<Loaded, BrowserError> {
        let (_, rest) = form.action.split_once("://").unwrap_or(("", ""));
        let target = match rest.find('/') {
            Some(at) => rest.split_at(at).1.to_owned(),
            None => format!("{}{}", self.gitlab.base_path(), form.action),
        };
        let body = if method == "GET" {
            String::new()
        } else {
            Serializer::new(String::new())
                .extend_pairs(&form.fields)
                .finish()
        };
        let cookie = self.cookie.as_ref().map_or_else(String::new, |cookie| {
            format!("Cookie: _gitlab_session={cookie}\r\n")
        });
        let address = self.gitlab.address();
        let text = format!(
            "{method} {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{cookie}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(text.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let loaded = Loaded::parse(&String::from_utf8_lossy(&answer))?;
        let cookie = loaded.header("set-cookie").and_then(|text| {
            let value = text.strip_prefix("_gitlab_session=")?;
            value.split(';').next()
        });
        if let Some(cookie) = cookie {
            self.cookie = Some(cookie.to_owned());
        }
        Ok(loaded)
    }
}

impl Loaded {
    fn parse(answer: &str) -> Result<Self, BrowserError> {
        let broken = || io::Error::other("an answer that is no HTTP");
        let (head, page) = answer.split_once("\r\n\r\n").ok_or_else(broken)?;
        let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
        Ok(Self {
            status: status.ok_or_else(broken)?,
            head: head.to_owned(),
            page: page.to_owned(),
        })
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    }

    fn form(&self, id: &str) -> Result<Form, BrowserError> {
        Form::find(&self.page, id).ok_or_else(|| self.unexpected())
    }

    fn unexpected(&self) -> BrowserError {
        let title = self.page.split_once("<title>").map(|(_, rest)| rest);
        let title = title.and_then(|rest| rest.split("</title>").next());
        BrowserError::Unexpected {
            status: self.status,
            title: title.unwrap_or_default().to_owned(),
        }
    }
}
