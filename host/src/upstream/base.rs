//! The address that every request of a connection begins with.
//!
//! Owns the way from the operator's URL to the base, and from raw segments and pairs to a URL below
//! it. The guest's part can only lengthen the path and fill the query. It must not know HTTP.

use portcullis_manifest::Base;
use url::Url;

use crate::policy::segment;

/// The longest encoded query, in bytes: beyond it every known server answers 414 or cuts.
pub(super) const LONGEST_QUERY: usize = 32 * 1024;

/// Why the operator's URL gives no base.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseError {
    /// Neither http nor https, or no host.
    #[error("`url` has to begin with https:// or http:// and a host")]
    Scheme,
    /// A user name or password, which belongs into `secrets`.
    #[error("`url` must not hold a user name or password; secrets go into `secrets`")]
    UserInfo,
    /// A query or a fragment.
    #[error("`url` must not hold a query or a fragment")]
    Query,
    /// The manifest's `base.append`, or a part of `base.probe`, is no path.
    #[error("the manifest's `base` holds `{0}`, which is no path")]
    Append(String),
}

/// Why a request has no URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum UrlError {
    #[error("{0}")]
    Path(#[from] segment::PathError),
    #[error("the query is longer than {LONGEST_QUERY} bytes")]
    Query,
    #[error("the path would leave the connection's base")]
    Escape,
}

/// The operator's URL, without the first suffix of `strip` that fits and without trailing slashes,
/// with `append` behind it. `/rest.php` fits `https://crm.example/sub/rest.php`; suffixes are whole
/// segments.
///
/// # Errors
/// The URL is none that requests can begin with.
pub fn base_url(site: &Url, base: &Base) -> Result<Url, BaseError> {
    if !matches!(site.scheme(), "http" | "https") || !site.has_host() {
        return Err(BaseError::Scheme);
    }
    if !site.username().is_empty() || site.password().is_some() {
        return Err(BaseError::UserInfo);
    }
    if site.query().is_some() || site.fragment().is_some() {
        return Err(BaseError::Query);
    }
    let path = strip(site.path().trim_end_matches('/'), &base.strip);
    let path = format!("{path}{}", appended(&base.append)?);
    let mut url = site.clone();
    url.set_path(&path);
    Ok(url)
}

fn strip<'p>(path: &'p str, suffixes: &[String]) -> &'p str {
    let fits = |suffix: &String| {
        let suffix = suffix.trim_matches('/');
        let rest = path.strip_suffix(suffix)?.strip_suffix('/')?;
        (!suffix.is_empty()).then_some(rest)
    };
    let rest = suffixes.iter().find_map(fits).unwrap_or(path);
    rest.trim_end_matches('/')
}

fn appended(append: &str) -> Result<String, BaseError> {
    let trimmed = append.trim_matches('/');
    if trimmed.is_empty() {
        return Ok(String::new());
    }
    let path: Vec<_> = trimmed.split('/').map(str::to_owned).collect();
    if segment::check_path(&path).is_err() {
        return Err(BaseError::Append(append.to_owned()));
    }
    Ok(format!("/{}", segment::encode_path(&path)))
}

/// The base, ready for building URLs: it is never parsed again.
#[derive(Debug, Clone)]
pub(super) struct Root {
    url: Url,
    /// The base's path without a trailing slash; empty at the host's root.
    path: String,
    /// Whether every path below it ends with a slash.
    slash: bool,
}

impl Root {
    pub(super) fn new(url: Url, slash: bool) -> Self {
        let path = url.path().trim_end_matches('/').to_owned();
        Self { url, path, slash }
    }

    /// The base that lies so many segments below this one.
    ///
    /// # Errors
    /// The prefix is no path.
    pub(super) fn below(&self, prefix: &str) -> Result<Self, BaseError> {
        let mut url = self.url.clone();
        url.set_path(&format!("{}{}", self.path, appended(prefix)?));
        Ok(Self::new(url, self.slash))
    }

    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// The URL of one request. `below` is the encoded path from [`segment::encode_path`].
    pub(super) fn join(&self, below: &str, query: &[(String, String)]) -> Result<Url, UrlError> {
        let path = match (below, self.path.as_str()) {
            ("", "") => "/".to_owned(),
            ("", path) => path.to_owned(),
            (below, path) if self.slash && !below.ends_with('/') => format!("{path}/{below}/"),
            (below, path) => format!("{path}/{below}"),
        };
        let mut url = self.url.clone();
        url.set_path(&path);
        if url.path() != path {
            return Err(UrlError::Escape);
        }
        if !query.is_empty() {
            url.set_query(Some(&encode_query(query)?));
        }
        Ok(url)
    }
}

/// Blanks become `%20`, which servers read alike in a query, as opposed to `+`.
fn encode_query(query: &[(String, String)]) -> Result<String, UrlError> {
    let mut text = String::with_capacity(query.iter().map(|(n, v)| n.len() + v.len() + 2).sum());
    for (name, value) in query {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(segment::encode(name));
        text.push('=');
        text.extend(segment::encode(value));
        if text.len() > LONGEST_QUERY {
            return Err(UrlError::Query);
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(strip: &[&str], append: &str) -> Base {
        Base {
            strip: strip.iter().map(|s| (*s).to_owned()).collect(),
            append: append.to_owned(),
            ..Base::default()
        }
    }

    #[test]
    fn bases() {
        let suite = base(&["/service/v4_1/rest.php", "/rest.php"], "");
        let espo = base(&["/api/v1", "/api"], "/api/v1");
        for (site, rule, wanted) in [
            ("https://crm.example", &espo, "https://crm.example/api/v1"),
            ("https://crm.example/", &espo, "https://crm.example/api/v1"),
            (
                "https://crm.example/sub//",
                &espo,
                "https://crm.example/sub/api/v1",
            ),
            (
                "https://crm.example/sub/api/v1/",
                &espo,
                "https://crm.example/sub/api/v1",
            ),
            (
                "https://crm.example/api",
                &espo,
                "https://crm.example/api/v1",
            ),
            (
                "https://crm.example/myapi",
                &espo,
                "https://crm.example/myapi/api/v1",
            ),
            (
                "https://crm.example/legacy/service/v4_1/rest.php",
                &suite,
                "https://crm.example/legacy",
            ),
            (
                "https://crm.example/service/v4_1/rest.php",
                &suite,
                "https://crm.example/",
            ),
            (
                "https://crm.example/x/rest.php",
                &suite,
                "https://crm.example/x",
            ),
            (
                "https://crm.example/rest.php/rest.php",
                &suite,
                "https://crm.example/rest.php",
            ),
            (
                "http://127.0.0.1:8080/crm",
                &suite,
                "http://127.0.0.1:8080/crm",
            ),
        ] {
            let url = base_url(&Url::parse(site).unwrap(), rule).unwrap();
            assert_eq!(url.as_str(), wanted, "{site}");
        }
    }

    #[test]
    fn bad_sites() {
        for (site, error) in [
            ("ftp://crm.example", BaseError::Scheme),
            ("file:///etc/passwd", BaseError::Scheme),
            ("data:text/plain,x", BaseError::Scheme),
            ("https://user:pw@crm.example", BaseError::UserInfo),
            ("https://user@crm.example", BaseError::UserInfo),
            ("https://crm.example/?a=b", BaseError::Query),
            ("https://crm.example/#a", BaseError::Query),
        ] {
            let site = Url::parse(site).unwrap();
            assert_eq!(base_url(&site, &Base::default()), Err(error));
        }
        let site = Url::parse("https://crm.example").unwrap();
        let error = BaseError::Append("/api/../x".to_owned());
        assert_eq!(base_url(&site, &base(&[], "/api/../x")), Err(error));
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(n, v): &(&str, &str)| ((*n).to_owned(), (*v).to_owned());
        list.iter().map(pair).collect()
    }

    #[test]
    fn joining() {
        let root = Root::new(Url::parse("https://crm.example/sub/api").unwrap(), false);
        let plain = Root::new(Url::parse("https://crm.example/").unwrap(), false);
        let query = pairs(&[("where[0][value]", "a b&c=ü"), ("q", "")]);
        for (root, below, query, wanted) in [
            (
                &root,
                "Account/7",
                &[][..],
                "https://crm.example/sub/api/Account/7",
            ),
            (&root, "leads/", &[], "https://crm.example/sub/api/leads/"),
            (&root, "", &[], "https://crm.example/sub/api"),
            (&plain, "", &[], "https://crm.example/"),
            (&plain, "a", &[], "https://crm.example/a"),
            (
                &plain,
                "a",
                &query,
                "https://crm.example/a?where%5B0%5D%5Bvalue%5D=a%20b%26c%3D%C3%BC&q=",
            ),
        ] {
            assert_eq!(root.join(below, query).unwrap().as_str(), wanted);
        }
        let slashes = Root::new(Url::parse("https://crm.example/api").unwrap(), true);
        for (below, wanted) in [("a/b", "/api/a/b/"), ("a/", "/api/a/"), ("", "/api")] {
            assert_eq!(slashes.join(below, &[]).unwrap().path(), wanted);
        }
        assert_eq!(root.join("a/../../b", &[]), Err(UrlError::Escape));
        assert_eq!(root.join("%2e%2e/b", &[]), Err(UrlError::Escape));
        assert_eq!(root.join("a?b", &[]), Err(UrlError::Escape));
        let long = pairs(&[("q", &"x".repeat(LONGEST_QUERY))]);
        assert_eq!(root.join("a", &long), Err(UrlError::Query));
    }

    proptest! {
        #[test]
        fn a_query_decodes_to_its_pairs(query in prop::collection::vec(("\\PC{0,6}", "\\PC{0,6}"), 1..5)) {
            let root = Root::new(Url::parse("https://crm.example/api").unwrap(), false);
            let url = root.join("a", &query).unwrap();
            let seen: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(seen, query);
            prop_assert_eq!(url.path(), "/api/a");
        }

        #[test]
        fn nothing_that_a_guest_gives_leaves_the_base(
            base in "(/[a-z0-9.%é ]{1,6}){0,3}/{0,2}",
            slash in any::<bool>(),
            path in prop::collection::vec("\\PC{0,6}|[.%2eEfF5cC/\\\\?#]{1,6}", 0..5),
            query in prop::collection::vec(("\\PC{0,4}", "[ -~]{0,6}"), 0..3),
        ) {
            let mut site = Url::parse("https://crm.example:8443").unwrap();
            site.set_path(&base);
            let root = Root::new(site.clone(), slash);
            prop_assume!(segment::check_path(&path).is_ok());
            let url = root.join(&segment::encode_path(&path), &query).unwrap();
            let read = Url::parse(url.as_str()).unwrap();
            prop_assert_eq!(&read, &url);
            prop_assert_eq!(read.origin(), site.origin());
            prop_assert_eq!(read.fragment(), None);
            let decoded = |segment: &str| {
                percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
            };
            let whole = |path: &str| path.split('/').skip(1).map(decoded).collect::<Vec<_>>();
            let mut wanted = whole(site.path().trim_end_matches('/'));
            wanted.extend(path.iter().cloned());
            if slash && path.last().is_some_and(|last| !last.is_empty()) || wanted.is_empty() {
                wanted.push(String::new());
            }
            prop_assert_eq!(whole(read.path()), wanted);
            let pairs: Vec<_> = read.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, query);
        }
    }
}
