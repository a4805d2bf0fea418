//! Recipes that set one header of a fixed value: `header`, `bearer`, `basic`.
//!
//! Owns how the value is made, once. It must not know requests: these recipes do not look at them.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::secrets::Secrets;
use super::template::{TemplateError, digests, expand};
use super::{Credential, SecretHeader, Signable};
use crate::upstream::headers;

struct Fixed {
    header: SecretHeader,
    derived: Vec<Zeroizing<String>>,
}

impl Credential for Fixed {
    fn apply(&self, request: &mut Signable<'_>) {
        request.headers.push(self.header.clone());
    }

    fn derived(&self) -> Vec<Zeroizing<String>> {
        self.derived.clone()
    }
}

/// `header`.
pub(super) fn fixed(
    header: &str,
    value: &str,
    secrets: &Secrets,
) -> Result<Box<dyn Credential>, TemplateError> {
    ready(header, expand(value, secrets)?, digests(value, secrets))
}

/// `bearer`.
pub(super) fn bearer(value: &str, secrets: &Secrets) -> Result<Box<dyn Credential>, TemplateError> {
    let token = expand(value, secrets)?;
    let derived = digests(value, secrets);
    let value = Zeroizing::new(format!("Bearer {}", token.as_str()));
    ready("authorization", value, derived)
}

/// `basic`. The pair as a whole is a secret, too: its base64 form is what an echo would show.
pub(super) fn basic(
    username: &str,
    password: &str,
    secrets: &Secrets,
) -> Result<Box<dyn Credential>, TemplateError> {
    let mut derived = digests(username, secrets);
    derived.extend(digests(password, secrets));
    let (username, password) = (expand(username, secrets)?, expand(password, secrets)?);
    let pair = Zeroizing::new(format!("{}:{}", username.as_str(), password.as_str()));
    let coded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    let value = Zeroizing::new(format!("Basic {}", coded.as_str()));
    derived.extend([pair, coded]);
    ready("authorization", value, derived)
}

/// A header that every request of a connection carries.
pub(in crate::upstream) fn constant(
    header: &str,
    value: &str,
    secrets: &Secrets,
) -> Result<SecretHeader, TemplateError> {
    checked(header, expand(value, secrets)?)
}

fn ready(
    header: &str,
    value: Zeroizing<String>,
    derived: Vec<Zeroizing<String>>,
) -> Result<Box<dyn Credential>, TemplateError> {
    let header = checked(header, value)?;
    Ok(Box::new(Fixed { header, derived }))
}

fn checked(header: &str, value: Zeroizing<String>) -> Result<SecretHeader, TemplateError> {
    let name = checked_name(header)?;
    if !headers::is_value(&value) {
        return Err(TemplateError::Value(header.to_owned()));
    }
    let value = Arc::new(value);
    Ok(SecretHeader { name, value })
}

/// The name of a header that a recipe may set, in lower case.
pub(super) fn checked_name(header: &str) -> Result<Arc<str>, TemplateError> {
    let name = header.to_ascii_lowercase();
    if !headers::may_host_set(&name) {
        return Err(TemplateError::Header(header.to_owned()));
    }
    Ok(name.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(credential: &dyn Credential) -> String {
        let mut request = Signable {
            method: "GET",
            path: "a",
            headers: Vec::new(),
            derived: Vec::new(),
            caller: None,
        };
        credential.apply(&mut request);
        let header = &request.headers[0];
        format!("{}: {}", header.name, header.value.as_str())
    }

    #[test]
    fn values() {
        let secrets = Secrets::of(&[
            ("key", "abc"),
            ("username", "Aladdin"),
            ("password", "open sesame"),
        ]);
        let key = fixed("X-Api-Key", "{key}", &secrets).unwrap();
        assert_eq!(value(key.as_ref()), "x-api-key: abc");
        let bearer = bearer("{key}", &secrets).unwrap();
        assert_eq!(value(bearer.as_ref()), "authorization: Bearer abc");
        // RFC 7617, section 2.
        let basic = basic("{username}", "{password}", &secrets).unwrap();
        assert_eq!(
            value(basic.as_ref()),
            "authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        assert_eq!(basic.derived().len(), 2);
    }

    #[test]
    fn what_no_header_can_carry() {
        let secrets = Secrets::of(&[("key", "a\r\nhost: evil"), ("umlaut", "schlüssel")]);
        for text in ["{key}", "{umlaut}"] {
            let error = fixed("x-api-key", text, &secrets).err();
            assert_eq!(error, Some(TemplateError::Value("x-api-key".to_owned())));
        }
        for name in [
            "host",
            "Content-Length",
            "transfer-encoding",
            "x y",
            "",
            "connection",
        ] {
            let error = fixed(name, "a", &secrets).err();
            assert_eq!(error, Some(TemplateError::Header(name.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn a_server_reads_back_the_name_and_the_password(username in "[^:\\x00]{1,12}", password in "\\PC{1,12}") {
            let secrets = Secrets::of(&[("username", &username), ("password", &password)]);
            let basic = basic("{username}", "{password}", &secrets).unwrap();
            let header = value(basic.as_ref());
            let coded = header.strip_prefix("authorization: Basic ").unwrap();
            let read = String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap();
            prop_assert_eq!(read.split_once(':'), Some((username.as_str(), password.as_str())));
        }
    }
}
