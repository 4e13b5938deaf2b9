//! PEM files that settings name: read once, of bounded size, every problem with the setting's name.

use std::fs::File;
use std::io::Read as _;

use gitlab_mcp_core::config::{Reader, Setting};
use gitlab_mcp_core::tls::{KeyPair, KeyPairProblem, Roots};
use zeroize::Zeroizing;

/// The longest file, in bytes: a bundle of all public authorities has about 250 KiB.
const LIMIT: u64 = 4 * 1024 * 1024;

fn read(reader: &mut Reader, setting: &Setting) -> Option<Zeroizing<Vec<u8>>> {
    let path = reader.path(setting)?;
    let mut pem = Zeroizing::new(Vec::new());
    let read = File::open(&path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut pem));
    let text = match read {
        Ok(_) if u64::try_from(pem.len()).is_ok_and(|length| length <= LIMIT) => return Some(pem),
        Ok(_) => "is longer than 4 MiB".to_owned(),
        Err(error) => format!("cannot be read: {error}"),
    };
    reader.problem(setting, format!("{} {text}", path.display()));
    None
}

fn shown(reader: &mut Reader, setting: &Setting) -> String {
    let path = reader.path(setting);
    path.map(|path| path.display().to_string())
        .unwrap_or_default()
}

/// The certificates of the file that `setting` names.
pub(super) fn roots(reader: &mut Reader, setting: &Setting) -> Option<Roots> {
    let pem = read(reader, setting)?;
    match Roots::parse(&pem) {
        Ok(roots) => Some(roots),
        Err(problem) => {
            let path = shown(reader, setting);
            reader.problem(setting, format!("{path} {problem}"));
            None
        }
    }
}

/// The certificate and key that two settings name; both or none of them must be set.
pub(super) fn key_pair(
    reader: &mut Reader,
    certificate: &Setting,
    key: &Setting,
) -> Option<KeyPair> {
    if reader.is_set(certificate) != reader.is_set(key) {
        let (set, unset) = if reader.is_set(key) {
            (key, certificate)
        } else {
            (certificate, key)
        };
        let text = format!("needs {} as well; set both or none", unset.variable());
        reader.problem(set, text);
        return None;
    }
    let chain = read(reader, certificate);
    let private = read(reader, key);
    match KeyPair::parse(&chain?, &private?) {
        Ok(pair) => Some(pair),
        Err(problem) => {
            let (setting, text) = match problem {
                KeyPairProblem::Certificate(text) => (certificate, text),
                KeyPairProblem::Key(text) => (key, text),
            };
            let path = shown(reader, setting);
            reader.problem(setting, format!("{path} {text}"));
            None
        }
    }
}
