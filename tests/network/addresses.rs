//! Addresses of every kind that is not public, a public one of each family, and their names.

/// Addresses that may be connected to.
pub(crate) const PUBLIC: [&str; 2] = ["93.184.215.14", "2606:4700::1234"];

/// Names of the public addresses, one by one and together.
pub(crate) const OPEN: [&str; 3] = ["open.example", "open6.example", "open46.example"];

/// An address that is not public.
pub(crate) struct NotPublic {
    pub(crate) kind: &'static str,
    pub(crate) address: &'static str,
    /// Whether the kernel lets anybody connect to it at all.
    pub(crate) is_reachable: bool,
}

const fn at(kind: &'static str, address: &'static str) -> NotPublic {
    NotPublic {
        kind,
        address,
        is_reachable: true,
    }
}

/// TCP has no way there, or not without naming the interface.
const fn unreachable(kind: &'static str, address: &'static str) -> NotPublic {
    NotPublic {
        is_reachable: false,
        ..at(kind, address)
    }
}

/// All of them.
pub(crate) const NOT_PUBLIC: [NotPublic; 42] = [
    at("private", "10.1.2.3"),
    at("private", "172.16.5.4"),
    at("private", "172.31.255.254"),
    at("private", "192.168.1.1"),
    at("shared by a carrier's customers", "100.64.0.1"),
    at("shared, a metadata service", "100.100.100.200"),
    at("link-local, metadata services", "169.254.169.254"),
    at("link-local", "169.254.0.1"),
    at("loopback", "127.0.0.1"),
    at("loopback", "127.8.9.10"),
    at("this network, which is loopback", "0.0.0.0"),
    at("this network", "0.1.2.3"),
    at("a platform service", "168.63.129.16"),
    at("protocol assignments", "192.0.0.192"),
    at("documentation", "192.0.2.1"),
    at("documentation", "198.51.100.7"),
    at("documentation", "203.0.113.7"),
    at("relays of 6to4", "192.88.99.1"),
    at("benchmarking", "198.18.0.1"),
    unreachable("multicast", "224.0.0.1"),
    unreachable("multicast", "239.255.255.250"),
    at("reserved", "240.0.0.1"),
    unreachable("broadcast", "255.255.255.255"),
    at("unspecified, which is loopback", "::"),
    at("loopback", "::1"),
    at("unique local", "fc00::1"),
    at("unique local, a metadata service", "fd00:ec2::254"),
    unreachable("link-local", "fe80::1"),
    at("site-local", "fec0::1"),
    unreachable("multicast", "ff02::1"),
    at("IPv4-compatible", "::10.1.2.3"),
    at("IPv4-mapped", "::ffff:10.1.2.3"),
    at("IPv4-mapped loopback", "::ffff:127.0.0.1"),
    at("NAT64", "64:ff9b::10.1.2.3"),
    at("NAT64 of a network", "64:ff9b:1::7f00:1"),
    at("6to4", "2002:a01:203::1"),
    at("Teredo", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    at("ISATAP", "2606:4700::5efe:10.1.2.3"),
    at("discard only", "100::1"),
    at("documentation", "2001:db8::1"),
    at("documentation", "3fff::1"),
    at("segment routing", "5f00::1"),
];

/// Names with several addresses, and which ones.
pub(crate) const NAMED: [(&str, &[&str]); 5] = [
    ("inner.several.example", &["10.1.2.3", "192.168.1.1"]),
    ("families.several.example", &["10.1.2.3", "fc00::1"]),
    ("last.several.example", &["93.184.215.14", "10.1.2.3"]),
    (
        "first.several.example",
        &["169.254.169.254", "93.184.215.14"],
    ),
    (
        "late.several.example",
        &["93.184.215.14", "2606:4700::1234", "::ffff:127.0.0.1"],
    ),
];

/// The name of an address that is not public, by its number.
pub(crate) fn name(number: usize) -> String {
    format!("n{number}.inside.example")
}

/// The name of a public address and one that is not.
pub(crate) fn mixed_name(number: usize) -> String {
    format!("m{number}.mixed.example")
}

/// The client id whose document would be at this name.
pub(crate) fn by_name(name: &str) -> String {
    format!("https://{name}/client.json")
}

/// What stands in the file of names: address, then name.
pub(crate) fn names() -> Vec<(&'static str, String)> {
    let mut names = vec![("127.0.0.1", "localhost".to_owned())];
    for (number, one) in NOT_PUBLIC.iter().enumerate() {
        names.push((one.address, name(number)));
        // The public one comes first in every other name.
        let public = PUBLIC[usize::from(one.address.contains(':'))];
        let mut both = [public, one.address];
        both.rotate_left(number % 2);
        names.extend(both.map(|address| (address, mixed_name(number))));
    }
    for (name, addresses) in NAMED {
        names.extend(addresses.iter().map(|address| (*address, name.to_owned())));
    }
    let [v4, v6] = PUBLIC;
    let open = [(0, v4), (1, v6), (2, v4), (2, v6)];
    names.extend(open.map(|(nth, address)| (address, OPEN[nth].to_owned())));
    names
}

/// Client ids that are addresses, in every way a URL can spell one.
pub(crate) fn spelled() -> Vec<String> {
    let mut ids = Vec::new();
    for scheme in ["https", "http"] {
        for one in &NOT_PUBLIC {
            let host = if one.address.contains(':') {
                format!("[{}]", one.address)
            } else {
                one.address.to_owned()
            };
            ids.push(format!("{scheme}://{host}/client.json"));
        }
        for host in [
            "167838211", // 10.1.2.3
            "0x0a010203",
            "012.1.2.3",
            "10.1.515",
            "10.66051",
            "0",
            "127.1",
            "[0:0:0:0:0:ffff:0a01:0203]",
            "[::ffff:a01:203]",
            "10。1。2。3",
            "10.1.2.3.",
            "localhost",
        ] {
            ids.push(format!("{scheme}://{host}/client.json"));
        }
    }
    ids
}
