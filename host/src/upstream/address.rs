//! What kind of place an IP address is.
//!
//! Owns the classification, including addresses that carry another one inside. It must not know
//! names, connections or what is permitted.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of place behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Somewhere on the internet.
    Public,
    /// A private network: RFC 1918, shared address space (RFC 6598), unique local (RFC 4193),
    /// benchmarking (RFC 2544, which proxies use inside).
    Private,
    /// This machine.
    Loopback,
    /// The local link.
    LinkLocal,
    /// A cloud provider's metadata service, which hands out credentials.
    Metadata,
    /// No place that a CRM can have: unspecified, multicast, broadcast, documentation, tunnels.
    Reserved,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Loopback => "loopback",
            Self::LinkLocal => "link-local",
            Self::Metadata => "metadata",
            Self::Reserved => "reserved",
        })
    }
}

/// Metadata services outside the link-local ranges: Alibaba, Oracle, Azure's wire server.
const METADATA_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
    Ipv4Addr::new(168, 63, 129, 16),
];

/// AWS (instance metadata, pod identity), Google, Oracle and Scaleway.
const METADATA_V6: [Ipv6Addr; 5] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0xc1, 0, 0, 0, 0, 0xa9fe, 0xa9fe),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

/// Says what kind of place an address is.
#[must_use]
pub fn classify(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(v4) => classify_v4(v4),
        IpAddr::V6(v6) => classify_v6(v6),
    }
}

fn classify_v4(v4: Ipv4Addr) -> Class {
    let [a, b, c, _] = v4.octets();
    if METADATA_V4.contains(&v4) || v4 == Ipv4Addr::new(169, 254, 169, 254) {
        return Class::Metadata;
    }
    match (a, b, c) {
        (127, ..) => Class::Loopback,
        (169, 254, _) => Class::LinkLocal,
        (10, ..) | (172, 16..=31, _) | (192, 168, _) => Class::Private,
        (100, 64..=127, _) | (198, 18..=19, _) => Class::Private,
        (0, ..) | (224..=255, ..) => Class::Reserved,
        (192, 0, 0 | 2) | (192, 88, 99) | (198, 51, 100) | (203, 0, 113) => Class::Reserved,
        _ => Class::Public,
    }
}

fn classify_v6(v6: Ipv6Addr) -> Class {
    if METADATA_V6.contains(&v6) {
        return Class::Metadata;
    }
    if v6.is_loopback() {
        return Class::Loopback;
    }
    if v6.is_unspecified() {
        return Class::Reserved;
    }
    if let Some(inner) = inner_v4(v6) {
        return classify_inner(v6, inner);
    }
    match v6.segments() {
        [0xfe80..=0xfebf, ..] => Class::LinkLocal,
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Class::Private,
        [0x64, 0xff9b, 1, ..] => local_nat64(v6),
        // Benchmarking, as with IPv4.
        [0x2001, 2, 0, ..] => Class::Private,
        // What RFC 2928 set aside for protocols (Teredo, ORCHID and others), documentation and the
        // discard prefix.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Class::Reserved,
        [0x100, 0, 0, 0, ..] => Class::Reserved,
        [0x2000..=0x3fff, ..] => Class::Public,
        _ => Class::Reserved,
    }
}

/// What holds another address is no better than it, nor than itself: an ISATAP address of the local
/// link stays one.
fn classify_inner(v6: Ipv6Addr, inner: Ipv4Addr) -> Class {
    match v6.segments() {
        [0xfe80..=0xfebf, ..] => Class::LinkLocal.max(classify_v4(inner)),
        [0xfc00..=0xfeff, ..] => Class::Private.max(classify_v4(inner)),
        _ => classify_v4(inner),
    }
}

/// The IPv4 address to which a packet for this one goes: mapped, compatible, translated (RFC 2765),
/// NAT64 with the well-known prefix, 6to4, ISATAP (RFC 5214).
fn inner_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    match v6.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(v4_of(high, low)),
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4_of(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4_of(high, low)),
        [0x2002, high, low, ..] => Some(v4_of(high, low)),
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] => Some(v4_of(high, low)),
        _ => None,
    }
}

fn v4_of(high: u16, low: u16) -> Ipv4Addr {
    let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
    Ipv4Addr::new(a, b, c, d)
}

/// An address below the prefix for local NAT64 (RFC 8215): inside, whatever it leads to, or worse,
/// where one of the four places in which it can hold an IPv4 address (RFC 6052, section 2.2) says so.
fn local_nat64(v6: Ipv6Addr) -> Class {
    let [.., b6, b7, _, b9, b10, b11, b12, b13, b14, b15] = v6.octets();
    let held = [
        [b6, b7, b9, b10],
        [b7, b9, b10, b11],
        [b9, b10, b11, b12],
        [b12, b13, b14, b15],
    ];
    let classes = held.map(|[a, b, c, d]| classify_v4(Ipv4Addr::new(a, b, c, d)));
    let worse = [Class::Metadata, Class::LinkLocal, Class::Loopback];
    let worst = worse.into_iter().find(|class| classes.contains(class));
    worst.unwrap_or(Class::Private)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        for (class, addresses) in [
            (
                Class::Public,
                &[
                    "93.184.216.34",
                    "1.1.1.1",
                    "172.15.0.1",
                    "172.32.0.1",
                    "100.63.0.1",
                    "100.128.0.1",
                    "2606:4700::1111",
                    "64:ff9b::1.1.1.1",
                    "2002:0101:0101::1",
                    "::ffff:1.1.1.1",
                    "::1.1.1.1",
                    "2001:4860:4860::8888",
                ][..],
            ),
            (
                Class::Private,
                &[
                    "10.0.0.1",
                    "172.16.0.1",
                    "172.31.255.255",
                    "192.168.1.1",
                    "100.64.0.1",
                    "198.18.0.1",
                    "fc00::1",
                    "fd12::1",
                    "fec0::1",
                    "::ffff:10.0.0.1",
                    "64:ff9b::10.0.0.1",
                    "2002:0a00:0001::1",
                    "64:ff9b:1::1.1.1.1",
                    "64:ff9b:1:a00:0:100::",
                    "2001:2::1",
                    "2001:db7:0:0:0:5efe:10.0.0.1",
                    "2606:4700::200:5efe:192.168.0.1",
                    "fd12::5efe:1.1.1.1",
                    "feff:ffff::1",
                    "100.127.255.255",
                    "198.19.255.255",
                ],
            ),
            (
                Class::Loopback,
                &[
                    "127.0.0.1",
                    "127.255.0.1",
                    "::1",
                    "::ffff:127.0.0.1",
                    "64:ff9b::127.0.0.1",
                    "2002:7f00:1::",
                    "::127.0.0.1",
                    "::ffff:0:127.0.0.1",
                    "64:ff9b:1::127.0.0.1",
                    "fd12::5efe:127.0.0.1",
                    "2002:7f00:1:5678::1",
                ],
            ),
            (
                Class::LinkLocal,
                &[
                    "169.254.0.1",
                    "169.254.170.2",
                    "fe80::1",
                    "febf::1",
                    "::ffff:169.254.1.1",
                    "::169.254.1.1",
                    "fe80::a9fe:a9fe",
                    "fe80::5efe:1.1.1.1",
                    "64:ff9b::169.254.1.1",
                    "64:ff9b:1:a9fe:1:100::",
                    "2002:a9fe:101::",
                ],
            ),
            (
                Class::Metadata,
                &[
                    "169.254.169.254",
                    "100.100.100.200",
                    "192.0.0.192",
                    "168.63.129.16",
                    "fd00:ec2::254",
                    "fd00:ec2::23",
                    "fd20:ce::254",
                    "::ffff:169.254.169.254",
                    "64:ff9b::a9fe:a9fe",
                    "2002:a9fe:a9fe::",
                    "::169.254.169.254",
                    "::ffff:0:169.254.169.254",
                    "::ffff:100.100.100.200",
                    "64:ff9b::100.100.100.200",
                    "64:ff9b:1::169.254.169.254",
                    "64:ff9b:1:a9fe:a9:fe00::",
                    "64:ff9b:1:a9:fe:a9fe::",
                    "64:ff9b:1:0:a9:fea9:fe00::",
                    "2606:4700::5efe:169.254.169.254",
                    "fd00:c1::a9fe:a9fe",
                    "fd00:42::42",
                ],
            ),
            (
                Class::Reserved,
                &[
                    "0.0.0.0",
                    "0.1.2.3",
                    "224.0.0.1",
                    "239.1.1.1",
                    "240.0.0.1",
                    "255.255.255.255",
                    "192.0.2.1",
                    "198.51.100.1",
                    "203.0.113.1",
                    "192.0.0.1",
                    "192.88.99.1",
                    "::",
                    "ff02::1",
                    "2001:db8::1",
                    "2001::1",
                    "2001:10::1",
                    "2001:1ff::1",
                    "2001::4136:e378:8000:63bf:f5ff:fffe",
                    "5f00::1",
                    "ff05::2",
                    "1fff::1",
                    "::2",
                    "::ffff:224.0.0.1",
                    "64:ff9b::0.0.0.0",
                    "2002:e000:1::",
                    "255.0.0.1",
                    "100::1",
                    "3fff::1",
                    "4000::1",
                    "::ffff:0.0.0.0",
                    "::ffff:255.255.255.255",
                ],
            ),
        ] {
            for address in addresses {
                assert_eq!(classify(address.parse().unwrap()), class, "{address}");
            }
        }
    }
}
