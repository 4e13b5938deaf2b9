//! One request as it arrived: nothing decoded, nothing lost.

use std::net::IpAddr;

use bytes::Bytes;
use percent_encoding::percent_decode_str;

/// A request, its path without the base path of the instance.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Upper case.
    pub(crate) method: String,
    /// As sent, percent-encoding and all.
    pub(crate) path: String,
    /// As sent, without the question mark; empty when there was none.
    pub(crate) query: String,
    /// In the order sent, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    /// Which connection of this instance it came over, counted from 1.
    pub(crate) connection: u64,
    /// Who it came from, as rate limits count: the peer, or what a proxy on this
    /// machine says in `X-Forwarded-For`.
    pub(crate) address: IpAddr,
    /// Whether the peer is on this machine.
    pub(crate) from_loopback: bool,
}

impl Request {
    /// The first header of that name (lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A cookie by name.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers.iter().filter(|(key, _)| key == "cookie");
        cookies
            .flat_map(|(_, value)| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(key, value)| (key == name).then_some(value))
    }

    /// The address an `X-Forwarded-For` names last, when the peer may be believed.
    pub(crate) fn origin(peer: IpAddr, headers: &[(String, String)]) -> IpAddr {
        let peer = peer.to_canonical();
        let mut named = headers
            .iter()
            .filter(|(key, _)| key == "x-forwarded-for" && peer.is_loopback());
        let last = named
            .next_back()
            .and_then(|(_, value)| value.rsplit(',').next());
        last.and_then(|text| text.trim().parse().ok())
            .unwrap_or(peer)
    }

    /// Whether the method only reads.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }
}

/// Percent-decodes one segment; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}
