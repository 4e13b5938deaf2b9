//! HTTPS, in the library and in the program.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use mock_gitlab::{Fault, MockGitlab, Tls};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A certificate for `localhost` that signs itself: PEM of it and of its key, and itself.
fn certificate() -> (String, String, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = made.signing_key.serialize_pem();
    (made.cert.pem(), key, made.cert.der().clone())
}

/// A GET over HTTPS by somebody who trusts this certificate.
async fn get(
    address: &str,
    trusted: &CertificateDer<'static>,
    path: &str,
) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await?;
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector.connect(name, stream).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn an_instance_speaks_https_and_names_itself_so() {
    let (pem, key, own) = certificate();
    let tls = Tls::from_pem(pem.as_bytes(), key.as_bytes()).unwrap();
    let gl = MockGitlab::builder().tls(tls).start().await.unwrap();
    assert!(gl.url().starts_with("https://127.0.0.1:"));
    let address = gl.address().to_string();
    let path = "/api/v4/projects/larkspur%2Fmusic-box";
    let answer = get(&address, &own, path).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains(&format!("{}/larkspur/music-box", gl.url())));
    // Somebody who trusts another certificate, and somebody who speaks plain HTTP.
    let (_, _, other) = certificate();
    get(&address, &other, path).await.unwrap_err();
    let mut plain = TcpStream::connect(&address).await.unwrap();
    plain
        .write_all(b"GET /api/v4/version HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    plain.read_to_end(&mut answer).await.ok();
    assert!(!answer.starts_with(b"HTTP/"));
    // Faults reach below TLS.
    gl.faults().add(Fault::reset_before_headers().times(1));
    get(&address, &own, path).await.unwrap_err();
    get(&address, &own, path).await.unwrap();
}

#[test]
fn a_certificate_and_a_key_have_to_fit() {
    let (pem, key, _) = certificate();
    let (_, foreign, _) = certificate();
    for (certificate, key, word) in [
        ("", key.as_str(), "certificate"),
        (key.as_str(), key.as_str(), "certificate"),
        (pem.as_str(), "", "key"),
        (pem.as_str(), foreign.as_str(), "certificate and key"),
    ] {
        let error = Tls::from_pem(certificate.as_bytes(), key.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    Tls::from_pem(pem.as_bytes(), key.as_bytes()).unwrap();
}

#[tokio::test]
async fn the_program_reads_its_certificate_from_files() {
    let (pem, key, own) = certificate();
    let folder = std::env::temp_dir().join(format!("mock-gitlab-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files = [folder.join("cert.pem"), folder.join("key.pem")];
    std::fs::write(&files[0], pem).unwrap();
    std::fs::write(&files[1], key).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .args(["--port", "0", "--tls"])
        .args(&files)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut ready = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let line = tokio::time::timeout(Duration::from_secs(30), out.read_line(&mut ready));
    line.await.unwrap().unwrap();
    let address = ready.trim().split("https://").nth(1).unwrap();
    let answer = get(address, &own, "/-/readiness").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let ended = Command::new(env!("CARGO_BIN_EXE_mock-gitlab"))
        .arg("--tls")
        .args([&files[1], &files[0]])
        .output()
        .await
        .unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(!ended.status.success());
    assert!(String::from_utf8_lossy(&ended.stderr).contains("--tls"));
}
