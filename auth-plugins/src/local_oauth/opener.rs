//! Shows a person a link: on stderr, and in the browser of the desktop where there is one.

use std::fmt::Debug;
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use url::Url;

/// A desktop's opener hands the link on and ends; one that does not is left alone after this.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shows links to the person at this machine.
pub(super) trait Opener: Debug + Send + Sync {
    /// Shows `link`; says nothing about whether anybody looks.
    fn show(&self, link: &Url);
}

/// Prints the link, and opens the browser too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Desktop {
    /// Whether to open the browser.
    pub(super) open: bool,
}

impl Opener for Desktop {
    fn show(&self, link: &Url) {
        let text = format!("To sign in to GitLab, open this link in a browser:\n\n  {link}\n");
        drop(writeln!(std::io::stderr().lock(), "{text}"));
        if self.open {
            open(link);
        }
    }
}

/// Opens the browser of the desktop, when `link` is one for browsers. No shell sees the link.
pub(super) fn open(link: &Url) {
    let Some(link) = for_browsers(link.as_str()) else {
        tracing::warn!("a link that is not http or https is not opened");
        return;
    };
    let mut command = command(&link);
    // Our own streams carry a protocol; the browser must not write there.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => drop(tokio::spawn(async move {
            drop(tokio::time::timeout(PATIENCE, child.wait()).await);
        })),
        Err(error) => tracing::info!(%error, "no browser was opened; use the link on stderr"),
    }
}

/// The link in normal form, when a browser may be sent there: http(s) with a host, no userinfo, and
/// nothing an opener could take for one of its own options.
pub(super) fn for_browsers(link: &str) -> Option<Url> {
    let url = Url::parse(link).ok()?;
    let web = matches!(url.scheme(), "http" | "https") && url.host().is_some();
    let plain = url.username().is_empty() && url.password().is_none();
    let visible = !link.starts_with('-') && link.bytes().all(|byte| byte.is_ascii_graphic());
    (web && plain && visible).then_some(url)
}

#[cfg(target_os = "windows")]
fn command(link: &Url) -> Command {
    let mut command = Command::new("rundll32");
    command
        .arg("url.dll,FileProtocolHandler")
        .arg(link.as_str());
    command
}

#[cfg(target_os = "macos")]
fn command(link: &Url) -> Command {
    let mut command = Command::new("open");
    command.arg(link.as_str());
    command
}

#[cfg(not(any(target_os = "windows", target_os = "macos")))]
fn command(link: &Url) -> Command {
    let mut command = Command::new("xdg-open");
    command.arg(link.as_str());
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_for_browsers_are_opened() {
        for link in [
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "-flag",
            "--help",
            "-https://gitlab.example/",
            "$(touch owned)",
            "%COMSPEC%",
            "https://gitlab.example/$(x) y",
            " https://gitlab.example/",
            "https://gitlab.example/\n-flag",
            "https://user:word@gitlab.example/",
            "https://",
            "ssh://gitlab.example/",
            "calculator.exe",
            "",
        ] {
            assert_eq!(for_browsers(link), None, "{link:?}");
        }
        for link in [
            "https://gitlab.example/oauth/authorize?state=a-b_c&x=%24%28x%29",
            "http://127.0.0.1:8929/oauth/device?user_code=ABCD",
        ] {
            assert_eq!(for_browsers(link).unwrap().as_str(), link);
        }
    }
}
