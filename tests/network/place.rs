//! The namespace: its addresses, its names, and an authority its server believes.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use crate::Problem;
use crate::addresses::{NOT_PUBLIC, PUBLIC, names};

/// Addresses every namespace has, or none can be given.
const NOT_GIVEN: [&str; 6] = ["127.0.0.1", "127.8.9.10", "0.0.0.0", "::", "::1", "ff02::1"];
/// Several lines with one name count together. <https://man7.org/linux/man-pages/man5/host.conf.5.html>
const SEVERAL: &str = "multi on\n";

/// A network of our own.
pub(crate) struct Place {
    folder: PathBuf,
    pub(crate) authority: CertifiedIssuer<'static, KeyPair>,
}

impl Place {
    /// Fits out the namespaces of this process, which must be fresh ones.
    pub(crate) fn take() -> Result<Self, Problem> {
        let interfaces = ip(&["-oneline", "link", "show"], "")?;
        let is_fresh = interfaces.lines().count() == 1
            && interfaces.contains(": lo: ")
            && interfaces.contains("state DOWN");
        if !is_fresh {
            return Err("this is somebody's network; start me by `unshare --net --mount`".into());
        }
        ip(&["link", "set", "lo", "up"], "")?;
        let others = NOT_PUBLIC.iter().map(|one| one.address);
        let mapped = |address: &str| address.starts_with("::ffff:127.");
        let given = PUBLIC
            .into_iter()
            .chain(others)
            .filter(|address| !NOT_GIVEN.contains(address) && !mapped(address));
        let lines: Vec<String> = given.map(add).collect();
        ip(&["-batch", "-"], &lines.concat())?;
        let folder =
            std::env::temp_dir().join(format!("gitlab-mcp-network-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let place = Self { folder, authority };
        std::fs::write(place.folder.join("authority.pem"), place.authority.pem())?;
        let lines = names().into_iter();
        let lines: Vec<String> = lines.map(|(at, name)| format!("{at} {name}\n")).collect();
        place.mount("hosts", &lines.concat())?;
        place.mount("host.conf", SEVERAL)?;
        Ok(place)
    }

    /// Puts a file of ours over one below `/etc`, for this namespace.
    fn mount(&self, name: &str, content: &str) -> Result<(), Problem> {
        let ours = self.folder.join(name);
        std::fs::write(&ours, content)?;
        let target = Path::new("/etc").join(name);
        let done = Command::new("mount")
            .arg("--bind")
            .args([&ours, &target])
            .status()?;
        if !done.success() {
            return Err(format!("{} cannot be mounted over", target.display()).into());
        }
        Ok(())
    }

    /// The certificate of the authority, for the server.
    pub(crate) fn authority_file(&self) -> String {
        self.folder.join("authority.pem").display().to_string()
    }

    /// Whether every name leads to just the addresses it has in the file.
    #[expect(clippy::unused_self, reason = "there are no such names anywhere else")]
    pub(crate) fn names_lead_there(&self) -> Result<(), Problem> {
        for (_, name) in names() {
            let all = names();
            let wanted = all.iter().filter(|(_, other)| *other == name);
            let wanted: Result<BTreeSet<IpAddr>, _> =
                wanted.map(|(address, _)| canonical(address)).collect();
            let found = (name.as_str(), 0).to_socket_addrs();
            let found = found.map_err(|error| format!("{name}: {error}"))?;
            let found: BTreeSet<IpAddr> = found.map(|one| one.ip().to_canonical()).collect();
            let wanted = wanted?;
            if found != wanted && name != "localhost" {
                return Err(format!("{name} leads to {found:?} instead of {wanted:?}").into());
            }
        }
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn canonical(address: &str) -> Result<IpAddr, std::net::AddrParseError> {
    address
        .parse()
        .map(|address: IpAddr| address.to_canonical())
}

fn add(address: &str) -> String {
    if address.contains(':') {
        format!("addr add {address}/128 dev lo nodad\n")
    } else {
        format!("addr add {address}/32 dev lo\n")
    }
}

/// What `ip` answers. <https://man7.org/linux/man-pages/man8/ip.8.html>
fn ip(words: &[&str], input: &str) -> Result<String, Problem> {
    let mut child = Command::new("ip")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let Some(mut pipe) = child.stdin.take() {
        pipe.write_all(input.as_bytes())?;
    }
    let done = child.wait_with_output()?;
    if !done.status.success() {
        let said = String::from_utf8_lossy(&done.stderr);
        return Err(format!("ip {}: {said}", words.join(" ")).into());
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}
