//! The only user of the HTTP client library: one pool per connection, no surprises.
//!
//! No redirect is followed, no proxy taken from the environment, no cookie kept, no request sent
//! twice. Owns the stages of a request, so that a caller knows whether the CRM can have acted. It
//! must not know tools, recipes or routes.

use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use portcullis_manifest::Method;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use tokio::time::timeout_at;
use url::Url;

use super::credential::SecretHeader;
use super::dial::{DialError, Guard};
use super::failed::{Failed, Reason, Stage};
use super::tls::{self, Trust};

/// How long an idle connection is kept: less than any common server does (gunicorn keeps it 2 s unless
/// told otherwise, Apache 5 s, others 60 s and more), since a request that meets a closing connection
/// is lost and, unless it is known that nothing was written, not repeated. The client library has one
/// time for all connections, so a shorter one that a server announces (`Keep-Alive: timeout`) cannot be
/// kept to.
const POOL_IDLE: Duration = Duration::from_millis(1500);

/// How many idle connections are kept; more than a connection's concurrent calls never is.
const POOL_SIZE: usize = 32;

/// After how long a silent connection is probed, so that a vanished peer does not hold a request
/// until its timeout.
const TCP_KEEPALIVE: Duration = Duration::from_secs(15);

/// What a connection's client is made of.
pub(super) struct Settings {
    pub(super) trust: Trust,
    pub(super) connect_timeout: Duration,
    pub(super) guard: Arc<Guard>,
}

/// The client of one connection, made on first use.
pub(super) struct Client {
    settings: Settings,
    made: OnceLock<Result<reqwest::Client, String>>,
}

/// One request as it goes out.
#[derive(Clone)]
pub(super) struct Wire {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) secret_headers: Vec<SecretHeader>,
    pub(super) body: Option<Vec<u8>>,
}

/// Until when an answer is awaited.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    pub(super) until: Instant,
    /// What set it, for messages.
    pub(super) limit: &'static str,
}

/// An answer of which the body is still to be read.
pub(super) struct Opened {
    response: reqwest::Response,
    window: Window,
    bodiless: bool,
}

impl Client {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            made: OnceLock::new(),
        }
    }

    /// Sends a request and waits for the answer's head.
    pub(super) async fn send(&self, wire: Wire, window: Window) -> Result<Opened, Failed> {
        let made = self.made.get_or_init(|| build(&self.settings));
        let client = made
            .as_ref()
            .map_err(|error| Failed::not_sent(Reason::Tls, error.clone()))?;
        let bodiless = wire.method == Method::Head;
        let request = to_request(wire)?;
        match timeout_at(window.until.into(), client.execute(request)).await {
            Ok(Ok(response)) => legible(Opened {
                response,
                window,
                bodiless,
            }),
            Ok(Err(error)) => Err(failed(&error.without_url())),
            Err(_) => Err(timed_out(Stage::MaybeSent, window, "no answer came")),
        }
    }
}

impl Opened {
    pub(super) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The headers that `shows` lets through, names in lower case.
    pub(super) fn headers(&self, shows: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let all = self.response.headers().iter();
        let shown = all.filter(|(name, _)| shows(name.as_str()));
        let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        shown
            .map(|(n, v)| (n.as_str().to_owned(), text(v)))
            .collect()
    }

    /// Reads the body, decompressed, and stops where it exceeds `most` bytes: what a few
    /// kilobytes unpack to is counted, not trusted.
    pub(super) async fn body(mut self, most: usize) -> Result<Vec<u8>, Failed> {
        let status = self.status();
        if self.bodiless || matches!(status, 204 | 304) {
            return Ok(Vec::new());
        }
        let announced = self.response.content_length().unwrap_or(0);
        let announced = usize::try_from(announced).unwrap_or(usize::MAX);
        if announced > most {
            return Err(too_large(status, most));
        }
        let mut body = Vec::with_capacity(announced);
        loop {
            match timeout_at(self.window.until.into(), self.response.chunk()).await {
                Ok(Ok(Some(chunk))) if body.len() + chunk.len() > most => {
                    return Err(too_large(status, most));
                }
                Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
                Ok(Ok(None)) => return Ok(body),
                Ok(Err(error)) => return Err(broken_off(status, &error.without_url())),
                Err(_) => {
                    let what =
                        format!("the CRM answered {status}, and the answer's body did not arrive");
                    return Err(timed_out(Stage::Answered, self.window, &what));
                }
            }
        }
    }
}

/// An answer whose body can be read, or has none. What stays coded after the library decoded what was
/// asked for could not be searched for secrets, and a guest could decode it.
fn legible(opened: Opened) -> Result<Opened, Failed> {
    let headers = opened.response.headers();
    let plain = |name: HeaderName, harmless: &str| {
        let values = headers.get_all(name);
        values
            .iter()
            .flat_map(|value| value.as_bytes().split(|b| *b == b','))
            .all(|coding| {
                coding
                    .trim_ascii()
                    .eq_ignore_ascii_case(harmless.as_bytes())
            })
    };
    let legible = plain(CONTENT_ENCODING, "identity") && plain(TRANSFER_ENCODING, "chunked");
    if legible || opened.bodiless {
        return Ok(opened);
    }
    let status = opened.status();
    let detail =
        format!("the CRM answered {status}, and its body is coded in a way that was not asked for");
    Err(Failed::new(Reason::Protocol, Stage::Answered, detail))
}

fn build(settings: &Settings) -> Result<reqwest::Client, String> {
    let tls =
        tls::config(settings.trust).map_err(|error| format!("no TLS: {}", tls::explain(&error)))?;
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Guarded(Arc::clone(&settings.guard)))
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        // Of the library's own repetitions none remains but this one, deep inside: a request of
        // which no byte was written, because its pooled connection had closed, takes another.
        .retry(reqwest::retry::never())
        .referer(false)
        .http1_only()
        .pool_idle_timeout(POOL_IDLE)
        .pool_max_idle_per_host(POOL_SIZE)
        .tcp_keepalive(TCP_KEEPALIVE)
        .tcp_nodelay(true)
        .connect_timeout(settings.connect_timeout);
    builder
        .build()
        .map_err(|_| "the HTTP client could not be made".to_owned())
}

fn to_request(wire: Wire) -> Result<reqwest::Request, Failed> {
    let method = match wire.method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut request = reqwest::Request::new(method, wire.url);
    for (name, value) in &wire.headers {
        set(request.headers_mut(), name, value, false)?;
    }
    for header in &wire.secret_headers {
        set(request.headers_mut(), &header.name, &header.value, true)?;
    }
    *request.body_mut() = wire.body.map(Into::into);
    Ok(request)
}

fn set(headers: &mut HeaderMap, name: &str, value: &str, secret: bool) -> Result<(), Failed> {
    let unfit = || Failed::invalid(format!("the header `{name}` cannot be sent"));
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unfit())?;
    let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
    value.set_sensitive(secret);
    headers.insert(key, value);
    Ok(())
}

/// Hands the guard's addresses to the library, on every dial to a name.
struct Guarded(Arc<Guard>);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let found = guard.resolve(name.as_str()).await?;
            // Port 0 stands for the URL's own.
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

/// Places a failure before the answer's head. The log alone has the whole of it. Whatever happens until there is a connection leaves
/// nothing sent; afterwards the CRM may have seen the request.
fn failed(error: &reqwest::Error) -> Failed {
    tracing::debug!(?error, "no answer");
    if error.is_builder() {
        return Failed::invalid("the request cannot be written as HTTP");
    }
    if !error.is_connect() {
        let detail = if is_io(error) {
            "the connection broke off before an answer came"
        } else {
            "what came back is not an answer in HTTP, or none came"
        };
        return Failed::new(Reason::Protocol, Stage::MaybeSent, detail);
    }
    if let Some(error) = find::<DialError>(error) {
        return dial_failed(error);
    }
    if let Some(error) = find::<rustls::Error>(error) {
        return Failed::not_sent(Reason::Tls, tls::explain(error));
    }
    let detail = match find::<io::Error>(error).map(io::Error::kind) {
        _ if error.is_timeout() => "no connection in time; the CRM's host does not answer",
        Some(io::ErrorKind::ConnectionRefused) => "the CRM's host refused the connection",
        Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
            "the CRM's host cannot be reached from here"
        }
        _ => "no connection to the CRM's host",
    };
    Failed::not_sent(Reason::Connect, detail)
}

pub(super) fn dial_failed(error: &DialError) -> Failed {
    let reason = match error {
        DialError::Blocked(_) => Reason::AddressBlocked,
        DialError::Lookup(_) => Reason::Connect,
    };
    Failed::not_sent(reason, error.to_string())
}

fn broken_off(status: u16, error: &reqwest::Error) -> Failed {
    let what = if error.is_decode() && !is_io(error) {
        "its body cannot be decoded"
    } else {
        "its body broke off"
    };
    let detail = format!("the CRM answered {status}, and {what}");
    Failed::new(Reason::Protocol, Stage::Answered, detail)
}

fn too_large(status: u16, most: usize) -> Failed {
    let detail =
        format!("the CRM answered {status} with more than {most} bytes (`limits.response_bytes`)");
    Failed::new(Reason::TooLarge, Stage::Answered, detail)
}

fn timed_out(stage: Stage, window: Window, what: &str) -> Failed {
    Failed::new(
        Reason::Timeout,
        stage,
        format!("{what} in time ({})", window.limit),
    )
}

fn is_io(error: &reqwest::Error) -> bool {
    find::<io::Error>(error).is_some()
}

/// Looks for a cause, also inside of IO errors, which show their cause's cause alone.
fn find<'e, E: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = match error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
