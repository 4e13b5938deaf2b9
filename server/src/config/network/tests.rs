//! What operators write about the network, and what comes of it.

use gitlab_mcp_core::config::{Attention, LoadError, Sources, Warning, load};

use super::*;

const CANARY: &str = "canary-proxy-password";

fn read(variables: &[(&str, &str)]) -> Result<(NetworkConfig, Vec<Warning>), String> {
    let sources = Sources::new().variables(variables.iter().copied());
    load(&sources, &[]).map_err(|error: LoadError| error.to_string())
}

#[test]
fn a_proxy_that_is_none_is_refused_without_its_value() {
    for variable in ["HTTP_PROXY", "https_proxy"] {
        for value in [
            format!("ftp://user:{CANARY}@proxy"),
            format!("{CANARY}:3128"),
            format!("http://{CANARY}\\@proxy:99999"),
        ] {
            let told = read(&[(variable, &value)]).unwrap_err();
            assert!(told.contains(variable), "{told}");
            assert!(told.contains("socks5h URL"), "{told}");
            assert!(!told.contains(CANARY), "{told}");
        }
        let (config, _) = read(&[(variable, "socks5h://user:pass@proxy:1080")]).unwrap();
        let config = config.egress;
        assert!(config.http_proxy.or(config.https_proxy).is_some());
    }
}

#[test]
fn switching_certificates_off_is_loud_whichever_way() {
    for (variable, value, off) in [
        ("NODE_TLS_REJECT_UNAUTHORIZED", "0", true),
        ("NODE_TLS_REJECT_UNAUTHORIZED", "1", false),
        ("SKIP_TLS_VERIFY", "true", true),
        ("SKIP_TLS_VERIFY", "false", false),
    ] {
        let (config, warnings) = read(&[(variable, value)]).unwrap();
        assert_eq!(config.egress.accept_any_certificate, off, "{variable}");
        let loud = warnings.iter().any(|warning| {
            warning.attention == Attention::Warn
                && warning.variable.as_deref() == Some(variable)
                && warning.text.contains("NOT checked")
        });
        assert_eq!(loud, off, "{variable}={value}");
    }
}

const TORN: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const LOCKED: &str =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";

#[test]
fn certificate_files_are_looked_at_when_the_server_starts() {
    const CA: &str = "GITLAB_CA_CERT_PATH";
    const CERT: &str = "GITLAB_CLIENT_CERT_PATH";
    const KEY: &str = "GITLAB_CLIENT_KEY_PATH";
    let folder = std::env::temp_dir().join(format!("gitlab-mcp-network-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for (name, text) in [("empty", ""), ("torn", TORN), ("locked", LOCKED)] {
        std::fs::write(folder.join(name), text).unwrap();
    }
    for (variables, at, expected) in [
        (&[(CA, "missing")][..], CA, "missing cannot be read"),
        (
            &[("NODE_EXTRA_CA_CERTS", "empty")],
            "NODE_EXTRA_CA_CERTS",
            "holds no PEM certificate",
        ),
        (
            &[(CA, "torn")],
            CA,
            "torn holds a certificate that cannot be read",
        ),
        (
            &[(CERT, "torn")],
            CERT,
            "needs GITLAB_CLIENT_KEY_PATH as well",
        ),
        (
            &[(KEY, "locked")],
            KEY,
            "needs GITLAB_CLIENT_CERT_PATH as well",
        ),
        (
            &[(CERT, "torn"), (KEY, "locked")],
            KEY,
            "locked holds an encrypted private key",
        ),
        (
            &[(CERT, "empty"), (KEY, "locked")],
            CERT,
            "empty holds no PEM certificate",
        ),
    ] {
        let given = variables
            .iter()
            .map(|(name, file)| (*name, folder.join(file)));
        let sources = Sources::new().variables(given);
        let told = load::<NetworkConfig>(&sources, &[])
            .unwrap_err()
            .to_string();
        assert!(told.contains("(1 problem)"), "{told}");
        assert!(told.contains(&format!("{at} (environment): ")), "{told}");
        assert!(told.contains(expected), "{told}\nlacks {expected}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
