//! A real installation as a target: its base, its HTTP client, who may be asked as.

use std::time::Duration;

use portcullis_demo::behaviour::{Answer, Ask, Headers, Saved, Target};

/// Long enough for a slow machine, short enough to notice a dead one.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Who somebody is to one CRM: a name of the table, to headers.
pub type Who = Box<dyn Fn(&str, &Saved) -> Option<Headers> + Send + Sync>;

/// A real installation.
pub struct Live {
    client: reqwest::Client,
    base: String,
    who: Who,
    values: Vec<(String, String)>,
}

impl Live {
    /// One whose paths begin below the base, with the users and values its table refers to.
    pub fn new(base: String, who: Who, values: Vec<(String, String)>) -> Result<Self, String> {
        // Another part of the program may have installed one already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            client,
            base,
            who,
            values,
        })
    }
}

impl Target for Live {
    async fn send(&self, ask: Ask) -> Result<Answer, String> {
        let method = ask
            .method
            .parse::<reqwest::Method>()
            .map_err(|error| error.to_string())?;
        let mut request = self
            .client
            .request(method, format!("{}/{}", self.base, ask.address()))
            .body(ask.body);
        for (name, value) in &ask.headers {
            request = request.header(name, value);
        }
        let response = request
            .send()
            .await
            .map_err(|error| error.without_url().to_string())?;
        let status = response.status().as_u16();
        let text = |value: &reqwest::header::HeaderValue| {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        let body = response
            .bytes()
            .await
            .map_err(|error| error.without_url().to_string())?
            .to_vec();
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    fn credentials(&self, who: &str, _ask: &Ask, saved: &Saved) -> Option<Headers> {
        (self.who)(who, saved)
    }

    fn values(&self) -> Vec<(String, String)> {
        self.values.clone()
    }

    fn is_demo(&self) -> bool {
        false
    }
}
