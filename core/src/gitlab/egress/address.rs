//! Which addresses are public. Sources: the IANA registries of special-purpose addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>), RFC 6052 (NAT64),
//! RFC 5214 (ISATAP).
//!
//! The predicates of `std::net` are no filter: they know neither shared address space nor what an
//! IPv6 address carries inside.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 networks that are not global unicast: first address, length of the prefix.
const NOT_PUBLIC_V4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),        // this network
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // shared by a carrier's customers
    ([127, 0, 0, 0], 8),      // loopback
    ([168, 63, 129, 16], 32), // the platform service inside every Azure machine
    ([169, 254, 0, 0], 16),   // link-local, metadata services
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocol assignments
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // relays of 6to4
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarking
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, broadcast
];

/// The only IPv6 network that is allocated for global unicast.
const GLOBAL_V6: ([u16; 8], u32) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);

/// Parts of it that are not: Teredo and 6to4 wrap any IPv4 address and nobody serves from them.
const NOT_PUBLIC_V6: &[([u16; 8], u32)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocol assignments, Teredo, ORCHID
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // 6to4
    ([0x3ffe, 0, 0, 0, 0, 0, 0, 0], 16), // the former 6bone
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// The well-known prefix of NAT64: the last 32 bits are the IPv4 address that is reached. The
/// local-use prefix `64:ff9b:1::/48` does not tell where in it the IPv4 address stands, so that it
/// counts as not public as a whole.
const NAT64: ([u16; 8], u32) = ([0x64, 0xff9b, 0, 0, 0, 0, 0, 0], 96);

/// Whether a connection to `address` ends at a public host.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match canonical(address) {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            let of = |(network, length)| within_v6(address, network, length);
            let inside = isatap(address);
            of(GLOBAL_V6)
                && !NOT_PUBLIC_V6.iter().copied().any(of)
                && inside.is_none_or(is_public_v4)
        }
    }
}

/// The address at which a connection ends: an IPv4 address written as IPv6 is that IPv4 address.
fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let (network, length) = NAT64;
    if within_v6(v6, network, length) {
        return IpAddr::V4(last_bits(v6));
    }
    v6.to_ipv4_mapped().map_or(address, IpAddr::V4)
}

/// The IPv4 address inside an ISATAP interface identifier, under whatever prefix.
fn isatap(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., marker, identifier, _, _] = address.segments();
    // The bit for "universal" may be set or not.
    (marker & !0x0200 == 0 && identifier == 0x5efe).then(|| last_bits(address))
}

fn last_bits(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !NOT_PUBLIC_V4.iter().any(|&(network, length)| {
        let network = u32::from(Ipv4Addr::from(network));
        (bits ^ network).leading_zeros() >= length
    })
}

fn within_v6(address: Ipv6Addr, network: [u16; 8], length: u32) -> bool {
    let network = u128::from(Ipv6Addr::from(network));
    (u128::from(address) ^ network).leading_zeros() >= length
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "168.63.129.15",
        "168.63.129.17",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "172.65.251.78",
        "191.255.255.255",
        "192.0.1.0",
        "192.0.3.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700:90:0:f22e:fbec:5bed:a9b9",
        "2a00:1450:4001::1",
        "3ffd::1",
        "64:ff9b::8.8.8.8",
        "::ffff:8.8.8.8",
        "2606:4700::5efe:808:808",
        "2606:4700::200:5efe:808:808",
        "2606:4700::100:5efe:7f00:1",
    ];

    const NOT_PUBLIC: &[&str] = &[
        "0.0.0.0",
        "0.0.0.1",
        "0.255.255.255",
        "10.0.0.5",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.1.2.3",
        "127.255.255.255",
        "168.63.129.16",
        "169.254.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.192",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.254",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::7f00:1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.5",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.0.0.5",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::8.8.8.8",
        "64:ff9b:1::7f00:1",
        "64:ff9b:1:ffff::1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::1",
        "2001:db8:ffff::1",
        "2002:7f00:1::1",
        "2002:a9fe:a9fe::1",
        "2002:808:808::1",
        "3ffe::1",
        "3fff::1",
        "3fff:fff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff00::1",
        "ff02::1",
        "ff0e::1",
        "2606:4700::5efe:7f00:1",
        "2606:4700::200:5efe:a00:5",
        "2606:4700::200:5efe:a9fe:a9fe",
        "fe80::5efe:808:808",
    ];

    #[test]
    fn only_global_unicast_is_public() {
        assert!(PUBLIC.len() + NOT_PUBLIC.len() >= 110);
        for (texts, expected) in [(PUBLIC, true), (NOT_PUBLIC, false)] {
            for text in texts {
                let address: IpAddr = text.parse().unwrap();
                assert_eq!(is_public(address), expected, "{text}");
            }
        }
    }

    #[test]
    fn an_ipv4_address_is_judged_alike_in_every_ipv6_form_that_reaches_it() {
        for text in PUBLIC.iter().chain(NOT_PUBLIC) {
            let Ok(address) = text.parse::<Ipv4Addr>() else {
                continue;
            };
            let expected = is_public(address.into());
            for prefix in ["::ffff:", "64:ff9b::"] {
                let wrapped: IpAddr = format!("{prefix}{address}").parse().unwrap();
                assert_eq!(is_public(wrapped), expected, "{wrapped}");
            }
        }
    }
}
