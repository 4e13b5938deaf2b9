//! One sweep over everything the tests logged and the servers printed: no planted secret may stand
//! there, in any of the spellings a careless line could give it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::report::{Outcome, say};
use crate::workbench::Workbench;

/// Shorter texts stand everywhere by chance.
const SHORTEST: usize = 8;

/// Looks through the folder of logs.
pub(super) fn run(workbench: &mut Workbench) {
    workbench.case("secrets", |workbench| {
        let swept = Swept::folder(workbench.logs())?;
        if swept.lines == 0 || swept.secrets == 0 {
            return Err(Outcome::Skipped(
                "nothing was logged: run the groups hermetic or modes before".to_owned(),
            ));
        }
        say(&format!(
            "   {} log lines, {} secrets, {} places",
            swept.lines,
            swept.secrets,
            swept.found.len()
        ));
        if swept.found.is_empty() {
            Ok(())
        } else {
            Err(Outcome::Failed(swept.found.join("\n")))
        }
    });
}

/// What a sweep saw.
#[derive(Debug, Default)]
struct Swept {
    lines: usize,
    secrets: usize,
    /// File and number of each line that shows a secret, and the start of the line.
    found: Vec<String>,
}

impl Swept {
    /// Reads every `*.secrets` file, then looks for them in every `*.log` file.
    fn folder(folder: &Path) -> Result<Self, Outcome> {
        let unreadable = |error: std::io::Error| Outcome::Failed(error.to_string());
        let mut secrets = BTreeSet::new();
        for file in files(folder, "secrets").map_err(unreadable)? {
            let text = fs::read_to_string(file).map_err(unreadable)?;
            secrets.extend(
                text.lines()
                    .filter(|line| line.len() >= SHORTEST)
                    .map(str::to_owned),
            );
        }
        let spellings: BTreeSet<String> = secrets
            .iter()
            .flat_map(|secret| spellings(secret))
            .collect();
        let finder = AhoCorasick::new(&spellings)
            .map_err(|error| Outcome::Failed(format!("the secrets: {error}")))?;
        let mut swept = Self {
            secrets: secrets.len(),
            ..Self::default()
        };
        for file in files(folder, "log").map_err(unreadable)? {
            let bytes = fs::read(&file).map_err(unreadable)?;
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            swept.text(&name, &String::from_utf8_lossy(&bytes), &finder);
        }
        Ok(swept)
    }

    fn text(&mut self, name: &str, text: &str, finder: &AhoCorasick) {
        for (number, line) in text.lines().enumerate() {
            self.lines += 1;
            if finder.is_match(line) {
                let start: String = line.chars().take(400).collect();
                self.found.push(format!("{name}:{}: {start}", number + 1));
            }
        }
    }
}

fn files(folder: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|own| own == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A secret as it is, URL-encoded, in base64 and base64url, in hexadecimal and as a JSON string.
fn spellings(secret: &str) -> BTreeSet<String> {
    let url: String = secret.bytes().map(url_encoded).collect();
    let hex: String = secret.bytes().flat_map(hexadecimal).collect();
    let json = serde_json::Value::from(secret).to_string();
    let mut all = BTreeSet::from([
        secret.to_owned(),
        url,
        hex.to_uppercase(),
        hex,
        json.trim_matches('"').to_owned(),
    ]);
    // The last characters depend on what follows, so they are left out.
    for encoded in [
        STANDARD_NO_PAD.encode(secret),
        URL_SAFE_NO_PAD.encode(secret),
    ] {
        let sure = secret.len() / 3 * 4;
        all.extend(encoded.get(..sure).map(str::to_owned));
    }
    all
}

fn hexadecimal(byte: u8) -> [char; 2] {
    [byte >> 4, byte & 15].map(|half| char::from_digit(u32::from(half), 16).unwrap_or_default())
}

fn url_encoded(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_every_spelling_and_a_clean_log_is_clean() {
        let folder = std::env::temp_dir().join(format!("sweep-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let secret = "glpat/planted\"in a test";
        fs::write(folder.join("1.secrets"), format!("{secret}\nshort\n")).unwrap();
        let mut lines = vec!["nothing short here".to_owned()];
        lines.extend(spellings(secret).iter().map(|one| format!("token={one};")));
        fs::write(folder.join("1.log"), lines.join("\n")).unwrap();
        let swept = Swept::folder(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(swept.secrets, 1);
        assert_eq!(swept.lines, lines.len());
        assert_eq!(swept.found.len(), lines.len() - 1, "{:?}", swept.found);
    }
}
