//! Names and versions of Debian: which release runs, which suites belong to it, what a version says.
//!
//! Pure functions over texts; knows neither apt nor the network.

use super::apt::Offer;

/// The release whose wasi-libc has the target, and whose backports have newer compilers' sources.
pub(super) const STABLE: &str = "trixie";

/// The running release, from `/etc/os-release`; none if it is not Debian itself.
pub(super) fn codename(release: &str) -> Option<&str> {
    let value = |name: &str| {
        let mut lines = release.lines();
        lines.find_map(|line| {
            Some(
                line.strip_prefix(name)?
                    .strip_prefix('=')?
                    .trim_matches('"'),
            )
        })
    };
    value("ID").filter(|id| *id == "debian")?;
    value("VERSION_CODENAME")
}

/// The suites to read, each with its mirror: the running release with its security suite, and what
/// [`STABLE`] has to add, from the mirror of the running release.
pub(super) fn suites(system: &[(String, String)], codename: &str) -> Option<Vec<(String, String)>> {
    let (mirror, _) = system.iter().find(|(_, suite)| suite == codename)?;
    let mut suites: Vec<(String, String)> = [codename, STABLE, "trixie-backports"]
        .map(|suite| (mirror.clone(), suite.to_owned()))
        .into();
    suites.extend(
        system
            .iter()
            .find(|(_, suite)| *suite == format!("{codename}-security"))
            .cloned(),
    );
    suites.dedup();
    Some(suites)
}

/// Whether a suite is the release or one of its additions, backports excepted.
pub(super) fn is_of(suite: &str, codename: &str) -> bool {
    suite == codename
        || suite
            .strip_prefix(codename)
            .is_some_and(|rest| ["-security", "-updates"].contains(&rest))
}

pub(super) fn of_release<'a>(offers: &'a [Offer], release: &str) -> Option<&'a Offer> {
    offers
        .iter()
        .find(|offer| upstream(&offer.version) == release)
}

/// The release in a Debian version: `1.95.0` of `1.95.0+dfsg1-2~bpo13+1`.
pub(super) fn upstream(version: &str) -> &str {
    let version = version
        .split_once(':')
        .map_or(version, |(_epoch, rest)| rest);
    version.split(['+', '-', '~']).next().unwrap_or(version)
}

/// `1.96` of `1.96.0+dfsg1-1~deb12u2`
pub(super) fn minor(version: &str) -> &str {
    let upstream = upstream(version);
    upstream
        .rsplit_once('.')
        .map_or(upstream, |(minor, _patch)| minor)
}

/// The version of packages that are the same on every architecture: without the mark of a rebuild.
pub(super) fn source_version(version: &str) -> &str {
    match version.rsplit_once("+b") {
        Some((before, number)) if number.chars().all(|digit| digit.is_ascii_digit()) => before,
        _ => version,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_versions_apart() {
        assert_eq!(upstream("1.95.0+dfsg1-2~bpo13+1"), "1.95.0");
        assert_eq!(upstream("1:22.1.8-1~deb12u1"), "22.1.8");
        assert_eq!(minor("1.96.0+dfsg1-1~deb12u2"), "1.96");
        assert_eq!(
            source_version("1.96.0+dfsg1-1~deb13u1+b1"),
            "1.96.0+dfsg1-1~deb13u1"
        );
        assert_eq!(
            source_version("1.95.0+dfsg1-2~bpo13+1"),
            "1.95.0+dfsg1-2~bpo13+1"
        );
    }

    #[test]
    fn only_the_installed_release_fits() {
        let offer = |version: &str| Offer {
            package: "rust-src".into(),
            version: version.into(),
            suite: "trixie-backports".into(),
        };
        let offers = ["1.96.1+dfsg1-2~bpo13+1", "1.95.0+dfsg1-2~bpo13+1"].map(offer);
        assert_eq!(of_release(&offers, "1.95.0"), Some(&offers[1]));
        assert_eq!(of_release(&offers, "1.9"), None);
    }

    #[test]
    fn reads_the_codename_of_debian_only() {
        let debian = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n";
        assert_eq!(codename(debian), Some("bookworm"));
        assert_eq!(codename("ID=\"fedora\"\nVERSION_CODENAME=\"\"\n"), None);
        assert_eq!(codename(""), None);
    }

    #[test]
    fn adds_the_stable_release_to_the_systems_suites() {
        let pair = |mirror: &str, suite: &str| (mirror.to_owned(), suite.to_owned());
        let system = [
            pair("m/debian", "bookworm"),
            pair("m/security", "bookworm-security"),
        ];
        let expected = [
            pair("m/debian", "bookworm"),
            pair("m/debian", "trixie"),
            pair("m/debian", "trixie-backports"),
            pair("m/security", "bookworm-security"),
        ];
        assert_eq!(suites(&system, "bookworm").as_deref(), Some(&expected[..]));
        assert_eq!(
            suites(&[pair("m/debian", "trixie")], "trixie").map(|suites| suites.len()),
            Some(2)
        );
        assert_eq!(suites(&system, "sid"), None);
    }

    #[test]
    fn another_releases_packages_are_not_ours() {
        assert!(is_of("bookworm-security", "bookworm"));
        assert!(!is_of("trixie", "bookworm"));
        assert!(!is_of("bookworm-backports", "bookworm"));
    }
}
