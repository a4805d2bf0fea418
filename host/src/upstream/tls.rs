//! The TLS configurations that all connections share: one that verifies, one that does not.
//!
//! Reading the system's trust store takes milliseconds, so each is made once, when the first
//! connection dials. It must not know connections or HTTP clients.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use rustls_platform_verifier::Verifier;

/// How a server's certificate is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It has to be trusted by the operating system.
    System,
    /// Anything goes: `tls_verify = false`.
    Anything,
    /// There is no TLS, the URL is plain http.
    Plain,
}

/// The configuration, made on first use.
pub(super) fn config(trust: Trust) -> Result<ClientConfig, Error> {
    static SYSTEM: OnceLock<Result<ClientConfig, Error>> = OnceLock::new();
    static ANYTHING: OnceLock<Result<ClientConfig, Error>> = OnceLock::new();
    static PLAIN: OnceLock<Result<ClientConfig, Error>> = OnceLock::new();
    let made = match trust {
        Trust::System => SYSTEM.get_or_init(system),
        Trust::Anything => ANYTHING.get_or_init(anything),
        Trust::Plain => PLAIN.get_or_init(nothing),
    };
    made.clone()
}

fn system() -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider))?;
    verified_by(provider, Arc::new(verifier))
}

fn anything() -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = AcceptAny(Arc::clone(&provider));
    verified_by(provider, Arc::new(verifier))
}

fn verified_by(
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, Error> {
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Trusts no one. The client has to have a configuration, and never uses this one.
fn nothing() -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let builder = builder.with_root_certificates(RootCertStore::empty());
    Ok(builder.with_no_client_auth())
}

/// What a handshake's failure means to an operator. Names neither hosts nor certificates.
pub(super) fn explain(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(certificate) => explain_certificate(certificate),
        Error::NoCertificatesPresented => "the server showed no certificate",
        Error::AlertReceived(_) => "the server refused the TLS handshake",
        Error::InvalidMessage(_) | Error::InappropriateMessage { .. } => {
            "what the server answered is not TLS; is the URL meant to be http://?"
        }
        Error::PeerIncompatible(_) => {
            "the server and this host have no TLS version or cipher in common"
        }
        _ => "the TLS handshake failed",
    }
}

fn explain_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet; is this machine's clock right?"
        }
        CertificateError::UnknownIssuer => {
            "the server's certificate comes from an authority that this machine's trust store does not hold"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another name"
        }
        CertificateError::Revoked => "the server's certificate has been revoked",
        // What `openssl req -x509` makes unless told otherwise; the library that says so is not ours.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server's certificate is not trusted: it is self-signed as an authority's own (CA:TRUE), which no trust store makes good; it needs one from an authority that this machine trusts"
        }
        CertificateError::Other(_) => {
            "the server's certificate is not trusted: this machine's trust store does not vouch for it"
        }
        _ => "the server's certificate is not valid",
    }
}

/// Takes any certificate, and still wants the handshake signed with it.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_made_once_and_speaks_http_1() {
        for trust in [Trust::System, Trust::Anything] {
            let made = config(trust).unwrap();
            assert_eq!(made.alpn_protocols, [b"http/1.1".to_vec()]);
        }
        assert!(config(Trust::Plain).is_ok());
    }

    /// What `openssl req -x509` makes, with and without `basicConstraints=CA:FALSE`, for
    /// crm.example.com in November 2026.
    const SELF_SIGNED: [(&str, &str); 2] = [
        (
            "MIIBpjCCAUugAwIBAgIUVxh11+uYjTrfmq/NHRAxj5Un5iEwCgYIKoZIzj0EAwIwGjEYMBYGA1UEAwwPY3JtLmV4YW1wbGUuY29tMB4XDTI2MTEyMTE2MjAzMloXDTM2MTExODE2MjAzMlowGjEYMBYGA1UEAwwPY3JtLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE6Meoyn4G0oP7XSKKY/02fZCoxnFad8VseONNnKLKMw3oSwkPFitKeYsSVadbHilYCVFQkMyKMlwulo9VBSMWQaNvMG0wHQYDVR0OBBYEFMgxg+bIGWBUi1gAVbHU6OHqBT8uMB8GA1UdIwQYMBaAFMgxg+bIGWBUi1gAVbHU6OHqBT8uMA8GA1UdEwEB/wQFMAMBAf8wGgYDVR0RBBMwEYIPY3JtLmV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0kAMEYCIQDp7eNzroIS4FHJSFhxFflwpdF3IReLlQ/J7dq8ZTvHPQIhALn8wODBYXwN8ZD+YvDgGjHtOY/khqxC5gENEVAOh3qS",
            "self-signed as an authority's own",
        ),
        (
            "MIIBoTCCAUigAwIBAgIURUZa7b1VyaDscBrkOo9r7oL/tWEwCgYIKoZIzj0EAwIwGjEYMBYGA1UEAwwPY3JtLmV4YW1wbGUuY29tMB4XDTI2MTEyMTE2MjAzM1oXDTM2MTExODE2MjAzM1owGjEYMBYGA1UEAwwPY3JtLmV4YW1wbGUuY29tMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+sVn/4iPZ5i8beLp5sQJCmc+IZsAApmXej8XsN81tGtKqSbBE+GA3CUysqYLhOpALyayB6ej8enviX2xyIo2MaNsMGowHQYDVR0OBBYEFP+G31J6vo7mv7F84SLEqOtILHjQMB8GA1UdIwQYMBaAFP+G31J6vo7mv7F84SLEqOtILHjQMBoGA1UdEQQTMBGCD2NybS5leGFtcGxlLmNvbTAMBgNVHRMBAf8EAjAAMAoGCCqGSM49BAMCA0cAMEQCIC04zyy3US8g9RI4F1clZuses6PbtaiYiiYDbtTj+j6HAiBhImXSSoLIIAni1Y7DXd9YE1xGtJUkDFAUiB1BDfhTfw==",
            "trust store does not hold",
        ),
    ];

    #[test]
    fn a_self_signed_certificate_is_not_trusted_rather_than_not_valid() {
        use base64::Engine as _;
        let verifier = Verifier::new(Arc::new(ring::default_provider())).unwrap();
        let name = ServerName::try_from("crm.example.com").unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_795_564_800));
        for (text, words) in SELF_SIGNED {
            let der = base64::engine::general_purpose::STANDARD
                .decode(text)
                .unwrap();
            let refused = verifier.verify_server_cert(&der.into(), &[], &name, &[], now);
            let said = explain(&refused.unwrap_err());
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn explanations() {
        let error = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        assert!(explain(&error).contains("trust store does not hold"));
        assert_eq!(explain(&Error::DecryptError), "the TLS handshake failed");
    }
}
