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

#[test]
fn certificate_files_are_looked_at_when_the_server_starts() {
    let folder = std::env::temp_dir().join(format!("gitlab-mcp-network-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let empty = file("empty.pem", "");
    let torn = file(
        "torn.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let locked = file(
        "locked.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let missing = folder.join("missing.pem").to_str().unwrap().to_owned();
    for (variables, expected) in [
        (
            vec![("GITLAB_CA_CERT_PATH", &missing)],
            "GITLAB_CA_CERT_PATH (environment): {} cannot be read",
        ),
        (
            vec![("NODE_EXTRA_CA_CERTS", &empty)],
            "NODE_EXTRA_CA_CERTS (environment): {} holds no PEM certificate",
        ),
        (
            vec![("GITLAB_CA_CERT_PATH", &torn)],
            "{} holds a certificate that cannot be read",
        ),
        (
            vec![("GITLAB_CLIENT_CERT_PATH", &torn)],
            "GITLAB_CLIENT_CERT_PATH (environment): needs GITLAB_CLIENT_KEY_PATH as well",
        ),
        (
            vec![("GITLAB_CLIENT_KEY_PATH", &locked)],
            "GITLAB_CLIENT_KEY_PATH (environment): needs GITLAB_CLIENT_CERT_PATH as well",
        ),
        (
            vec![
                ("GITLAB_CLIENT_CERT_PATH", &torn),
                ("GITLAB_CLIENT_KEY_PATH", &locked),
            ],
            "GITLAB_CLIENT_KEY_PATH (environment): {} holds an encrypted private key",
        ),
        (
            vec![
                ("GITLAB_CLIENT_CERT_PATH", &empty),
                ("GITLAB_CLIENT_KEY_PATH", &locked),
            ],
            "GITLAB_CLIENT_CERT_PATH (environment): {} holds no PEM certificate",
        ),
    ] {
        let path = variables.last().unwrap().1.clone();
        let first = variables[0].1.clone();
        let given: Vec<_> = variables
            .iter()
            .map(|(name, path)| (*name, path.as_str()))
            .collect();
        let told = read(&given).unwrap_err();
        let fits = [path, first]
            .iter()
            .any(|path| told.contains(&expected.replace("{}", path)));
        assert!(fits, "{told}\nlacks {expected}");
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
