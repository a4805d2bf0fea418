//! The recipe `hmac`: a signature over method and path, as EspoCRM wants it.
//!
//! Owns the signed text: `METHOD /path below the base`, the path encoded as it is sent, without
//! query and body. It must not know which CRM checks it.

use std::sync::Arc;

use ::hmac::{Hmac, KeyInit, Mac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::secrets::Secrets;
use super::template::{TemplateError, digests, expand};
use super::{Credential, SecretHeader, Signable, header};

struct Signed {
    header: Arc<str>,
    id: Zeroizing<String>,
    /// The key, already mixed in.
    keyed: Hmac<Sha256>,
    derived: Vec<Zeroizing<String>>,
}

/// `hmac`.
pub(super) fn signed(
    header: &str,
    id: &str,
    key: &str,
    secrets: &Secrets,
) -> Result<Box<dyn Credential>, TemplateError> {
    let name = header::checked_name(header)?;
    let key = expand(key, secrets)?;
    let keyed = Hmac::new_from_slice(key.as_bytes());
    Ok(Box::new(Signed {
        header: name,
        id: expand(id, secrets)?,
        derived: digests(id, secrets),
        keyed: keyed.map_err(|_| TemplateError::Value(header.to_owned()))?,
    }))
}

impl Credential for Signed {
    fn apply(&self, request: &mut Signable<'_>) {
        let mut mac = self.keyed.clone();
        mac.update(request.method.as_bytes());
        mac.update(b" /");
        mac.update(request.path.as_bytes());
        let digest = hex::encode(mac.finalize().into_bytes());
        let text = Zeroizing::new(format!("{}:{digest}", self.id.as_str()));
        let coded = Zeroizing::new(STANDARD.encode(text.as_bytes()));
        // Whoever has it can make the same request again.
        request.derived.extend([digest.into(), coded.clone()]);
        request.headers.push(SecretHeader {
            name: Arc::clone(&self.header),
            value: Arc::new(coded),
        });
    }

    fn derived(&self) -> Vec<Zeroizing<String>> {
        self.derived.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sign(method: &'static str, path: &str) -> String {
        let secrets = Secrets::of(&[("api_key", "id1"), ("secret_key", "key1")]);
        let credential = signed(
            "X-Hmac-Authorization",
            "{api_key}",
            "{secret_key}",
            &secrets,
        );
        let mut request = Signable {
            method,
            path,
            headers: Vec::new(),
            derived: Vec::new(),
            caller: None,
        };
        credential.unwrap().apply(&mut request);
        let header = request.headers.remove(0);
        assert_eq!(&*header.name, "x-hmac-authorization");
        let text = STANDARD.decode(header.value.as_bytes()).unwrap();
        String::from_utf8(text).unwrap()
    }

    /// Computed with `printf 'GET /Account/a%20b' | openssl dgst -sha256 -hmac key1` and likewise.
    #[test]
    fn signatures() {
        for (method, path, digest) in [
            (
                "GET",
                "Account/a%20b",
                "7bc2ef87eadb64854144408a9d668442654fdaee94a6a8b96f4b0328ebeccc5f",
            ),
            (
                "POST",
                "Account",
                "760589cdd497fa55a9336b960a36c9239f75e294d71b9e9e9cf272fdbb569d20",
            ),
        ] {
            assert_eq!(sign(method, path), format!("id1:{digest}"));
        }
    }
}
