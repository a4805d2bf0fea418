//! Which addresses a connection may dial.
//!
//! Owns the check of every address of every dial. It must not know HTTP, nor the client that dials.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use url::{Host, Url};

use super::address::{Class, classify};
use super::lookup::Names;

/// An address that must not be dialled. Does not say which: guests see this text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    /// Link-local, metadata or reserved, without an exception.
    #[error("the connection's host is a {0} address, which needs an explicit exception")]
    Never(Class),
    /// A name that was public, or of another private kind, when it was first resolved.
    #[error("the connection's name now resolves to a {now} address, which it did not at the start")]
    Turned {
        /// The kind that it resolves to now.
        now: Class,
    },
    /// A name with public and private addresses at once.
    #[error("the connection's name resolves to public and to {0} addresses at once")]
    Mixed(Class),
}

/// Why a name gives no addresses.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// One of its addresses must not be dialled.
    #[error(transparent)]
    Blocked(#[from] Blocked),
    /// It did not resolve.
    #[error("the connection's name did not resolve")]
    Lookup(#[source] io::Error),
}

/// The guard of one connection's address.
pub(super) struct Guard {
    names: Arc<Names>,
    port: u16,
    exceptions: Vec<SocketAddr>,
}

impl Guard {
    /// A guard for the base's host; an IP literal is checked at once, a name on every dial.
    ///
    /// # Errors
    /// The host is an address that must not be dialled. Private and loopback addresses may be,
    /// since the operator's URL names them.
    pub(super) fn new(
        base: &Url,
        exceptions: &[SocketAddr],
        names: Arc<Names>,
    ) -> Result<Self, Blocked> {
        let guard = Self {
            names,
            port: base.port_or_known_default().unwrap_or(443),
            exceptions: exceptions.to_vec(),
        };
        match base.host() {
            Some(Host::Ipv4(v4)) => guard.check_alone(v4.into())?,
            Some(Host::Ipv6(v6)) => guard.check_alone(v6.into())?,
            Some(Host::Domain(_)) | None => {}
        }
        Ok(guard)
    }

    /// Resolves the connection's name and checks every address. The first success is remembered:
    /// afterwards the name may turn public, and never private in a way that it was not.
    ///
    /// # Errors
    /// The name does not resolve, or one of its addresses must not be dialled.
    pub(super) async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, DialError> {
        let found = self.names.lookup(host).await;
        let found = found.map_err(DialError::Lookup)?;
        self.check_all(host, &found)?;
        Ok(found)
    }

    fn check_all(&self, host: &str, found: &[IpAddr]) -> Result<(), Blocked> {
        let mut classes: Vec<Class> = found
            .iter()
            .filter(|address| !self.is_exception(**address))
            .map(|address| classify(*address))
            .collect();
        classes.sort_unstable();
        classes.dedup();
        for class in &classes {
            check_class(*class)?;
        }
        let private = classes.iter().find(|class| **class != Class::Public);
        if let (Some(private), Some(Class::Public)) = (private, classes.first()) {
            return Err(Blocked::Mixed(*private));
        }
        let first = self.names.first(host, &classes);
        match classes
            .iter()
            .find(|c| **c != Class::Public && !first.contains(c))
        {
            Some(now) => Err(Blocked::Turned { now: *now }),
            None => Ok(()),
        }
    }

    fn check_alone(&self, address: IpAddr) -> Result<(), Blocked> {
        if self.is_exception(address) {
            return Ok(());
        }
        check_class(classify(address))
    }

    fn is_exception(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        let is_it = |e: &SocketAddr| e.ip().to_canonical() == address && e.port() == self.port;
        self.exceptions.iter().any(is_it)
    }
}

fn check_class(class: Class) -> Result<(), Blocked> {
    match class {
        Class::Public | Class::Private | Class::Loopback => Ok(()),
        Class::LinkLocal | Class::Metadata | Class::Reserved => Err(Blocked::Never(class)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;

    use futures::future::BoxFuture;

    use super::super::lookup::Lookup;
    use super::*;

    /// Answers the given addresses, one list after another; the last one stays.
    pub(crate) struct Script(Mutex<Vec<Vec<IpAddr>>>);

    impl Script {
        pub(crate) fn of(answers: &[&[&str]]) -> Arc<Self> {
            let parse = |list: &&[&str]| list.iter().map(|a| a.parse().unwrap()).collect();
            Arc::new(Self(Mutex::new(answers.iter().rev().map(parse).collect())))
        }
    }

    impl Lookup for Script {
        fn lookup(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            let mut answers = self.0.lock().unwrap();
            let next = if answers.len() > 1 {
                answers.pop()
            } else {
                answers.last().cloned()
            };
            Box::pin(async move { next.ok_or_else(|| io::ErrorKind::NotFound.into()) })
        }
    }

    fn guard(url: &str, exceptions: &[&str], lookup: Arc<dyn Lookup>) -> Result<Guard, Blocked> {
        let exceptions: Vec<_> = exceptions.iter().map(|e| e.parse().unwrap()).collect();
        let names = Arc::new(Names::through(lookup));
        Guard::new(&Url::parse(url).unwrap(), &exceptions, names)
    }

    #[test]
    fn literals() {
        for (url, exceptions, class) in [
            ("https://93.184.216.34", &[][..], None),
            ("http://127.0.0.1:8080", &[], None),
            ("http://[::1]:8080", &[], None),
            ("http://10.0.0.5", &[], None),
            ("http://169.254.1.1", &[], Some(Class::LinkLocal)),
            ("http://169.254.169.254", &[], Some(Class::Metadata)),
            ("http://0xa9fea9fe", &[], Some(Class::Metadata)),
            ("http://2852039166", &[], Some(Class::Metadata)),
            (
                "http://[::ffff:169.254.169.254]",
                &[],
                Some(Class::Metadata),
            ),
            ("http://[fd00:ec2::254]", &[], Some(Class::Metadata)),
            ("http://[fe80::1]", &[], Some(Class::LinkLocal)),
            ("http://0.0.0.0", &[], Some(Class::Reserved)),
            ("http://169.254.1.1:8080", &["169.254.1.1:8080"], None),
            ("http://169.254.1.1", &["169.254.1.1:80"], None),
            (
                "https://169.254.1.1",
                &["169.254.1.1:80"],
                Some(Class::LinkLocal),
            ),
            (
                "http://169.254.1.2",
                &["169.254.1.1:80"],
                Some(Class::LinkLocal),
            ),
        ] {
            let made = guard(url, exceptions, Script::of(&[])).err();
            assert_eq!(made, class.map(Blocked::Never), "{url}");
        }
    }

    #[tokio::test]
    async fn names() {
        let turned = |now| Some(Blocked::Turned { now });
        let never = |class| Some(Blocked::Never(class));
        for (first, then, refused) in [
            (&["1.1.1.1"][..], &["1.0.0.1", "2606:4700::1"][..], None),
            (&["1.1.1.1"], &["127.0.0.1"], turned(Class::Loopback)),
            (&["1.1.1.1"], &["10.0.0.1"], turned(Class::Private)),
            (&["1.1.1.1"], &["::ffff:10.0.0.1"], turned(Class::Private)),
            (&["1.1.1.1"], &["169.254.169.254"], never(Class::Metadata)),
            (&["1.1.1.1"], &["fe80::1"], never(Class::LinkLocal)),
            (
                &["1.1.1.1"],
                &["1.1.1.1", "10.0.0.1"],
                Some(Blocked::Mixed(Class::Private)),
            ),
            (
                &["1.1.1.1"],
                &["1.1.1.1", "0.0.0.0"],
                never(Class::Reserved),
            ),
            (&["10.0.0.1"], &["10.0.0.2"], None),
            (&["10.0.0.1"], &["1.1.1.1"], None),
            (&["10.0.0.1"], &["127.0.0.1"], turned(Class::Loopback)),
            (&["10.0.0.1"], &["169.254.169.254"], never(Class::Metadata)),
            (&["127.0.0.1", "::1"], &["::1"], None),
            (&["127.0.0.1"], &["10.0.0.1"], turned(Class::Private)),
        ] {
            let guard = guard("https://crm.test", &[], Script::of(&[first, then])).unwrap();
            guard.resolve("crm.test").await.unwrap();
            let found = match guard.resolve("crm.test").await {
                Ok(_) => None,
                Err(DialError::Blocked(blocked)) => Some(blocked),
                Err(error) => panic!("{error}"),
            };
            assert_eq!(found, refused, "{first:?} {then:?}");
        }
    }

    #[tokio::test]
    async fn a_refused_start_is_not_remembered() {
        let script = Script::of(&[&["1.1.1.1", "10.0.0.1"], &["10.0.0.1"], &["10.0.0.1"]]);
        let guard = guard("https://crm.test", &[], script).unwrap();
        assert!(guard.resolve("crm.test").await.is_err());
        assert!(guard.resolve("crm.test").await.is_ok());
    }

    /// What a reload does: another guard, with the same names.
    #[tokio::test]
    async fn what_a_name_was_outlasts_the_guard() {
        let script = Script::of(&[&["1.1.1.1"], &["10.0.0.1"]]);
        let names = Arc::new(Names::through(script));
        let guard = |url: &str| {
            let url = Url::parse(url).unwrap();
            Guard::new(&url, &[], Arc::clone(&names)).unwrap()
        };
        let before = guard("https://crm.test");
        before.resolve("crm.test").await.unwrap();
        let after = guard("https://CRM.test.:8443");
        for spelling in ["crm.test", "crm.test.", "CRM.test"] {
            let error = after.resolve(spelling).await.unwrap_err();
            let turned = Blocked::Turned {
                now: Class::Private,
            };
            assert!(
                matches!(error, DialError::Blocked(blocked) if blocked == turned),
                "{spelling}: {error}"
            );
        }
        assert!(after.resolve("other.test").await.is_ok());
    }

    #[tokio::test]
    async fn exceptions_hold_for_names() {
        let script = Script::of(&[&["169.254.1.1"]]);
        let guard = guard("http://crm.test:8080", &["169.254.1.1:8080"], script).unwrap();
        assert!(guard.resolve("crm.test").await.is_ok());
    }

    #[tokio::test]
    async fn no_address() {
        let nothing = guard("http://crm.test", &[], Script::of(&[])).unwrap();
        let error = nothing.resolve("crm.test").await.unwrap_err();
        assert!(matches!(error, DialError::Lookup(_)));
    }
}
