//! What tests of approvals need: the same component with another digest, and the command of a person.

use super::{Portcullis, Ran, TestHost};

/// A component with one more custom section: it does and asks for the same, and its digest is another.
pub fn with_section(component: &[u8], text: &str) -> Vec<u8> {
    let name = b"note";
    let size = 1 + name.len() + text.len();
    assert!(size < 128, "one byte of LEB128");
    let mut bytes = component.to_vec();
    bytes.extend([0, u8::try_from(size).expect("it is small")]);
    bytes.extend([u8::try_from(name.len()).expect("it is small")]);
    bytes.extend(name);
    bytes.extend(text.as_bytes());
    bytes
}

/// Runs `portcullis plugin approve` beside a host, without the variables that its secrets are in.
pub async fn approve(host: &TestHost, arguments: &[&str]) -> Ran {
    let config = host.folder.path().join("portcullis.toml");
    let config = config.to_string_lossy();
    let fixed = ["--config", &config, "plugin", "approve"];
    Portcullis::new().run(&[&fixed, arguments].concat()).await
}
