//! Whose signatures plugins of the folder need: key `plugin_keys` of `[server]`.
//!
//! Owns how a key is written (as minisign prints it, or a file of minisign) and that it is one. It must not
//! know what is signed.

use std::fmt;
use std::path::Path;

use minisign_verify::PublicKey;

use super::resolve::Context;
use super::section::Section;

/// The longest file that is read for a key, in bytes; one of minisign has two lines.
const LONGEST: usize = 4096;

/// A public key of minisign.
#[derive(Clone)]
pub struct PluginKey {
    text: String,
    key: PublicKey,
}

impl PluginKey {
    /// The key, for checking a signature.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// As minisign prints it, e.g. `RWQ…`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn parse(text: &str) -> Result<Self, String> {
        let key = PublicKey::from_base64(text).map_err(|error| {
            format!("is no public key of minisign ({error}); write what `minisign -G` printed, `\"RW…\"`, or `\"file:PATH\"` of its .pub file")
        })?;
        Ok(Self {
            text: text.to_owned(),
            key,
        })
    }

    fn resolve(text: &str, base: &Path) -> Result<Self, String> {
        let Some(path) = text.strip_prefix("file:") else {
            return Self::parse(text);
        };
        let path = base.join(path);
        let shown = path.display();
        let content = std::fs::read_to_string(&path)
            .map_err(|cause| format!("the file {shown} cannot be read: {cause}"))?;
        let is_key = |line: &&str| !line.is_empty() && !line.starts_with("untrusted comment:");
        let mut keys = content.lines().map(str::trim).filter(is_key);
        match (keys.next(), keys.next()) {
            (Some(key), None) if content.len() <= LONGEST => {
                Self::parse(key).map_err(|error| format!("the file {shown} {error}"))
            }
            _ => Err(format!(
                "the file {shown} does not hold one public key of minisign"
            )),
        }
    }
}

/// Reads them; without the key no plugin needs a signature.
pub(super) fn read(section: &Section<'_>, context: &Context<'_>) -> Vec<PluginKey> {
    let Some(list) = section.texts("plugin_keys", "[\"file:keys/acme.pub\"]") else {
        return Vec::new();
    };
    if list.value.is_empty() {
        list.error("is empty, which would refuse every plugin file; name a key, or leave it out");
    }
    let fields = list.value.iter();
    fields
        .filter_map(|field| field.check(|text| PluginKey::resolve(text, context.base)))
        .collect()
}

impl PartialEq for PluginKey {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for PluginKey {}

impl fmt::Debug for PluginKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PluginKey({})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::config::tests::{config, problems};

    /// That of the tests' fixture, whose private half is 32 bytes of 7.
    const KEY: &str = "RWRQT1JUQ1VMTOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

    #[test]
    fn a_key_stands_in_the_file_or_in_one_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = format!("untrusted comment: minisign public key of the tests\n{KEY}\n");
        std::fs::write(folder.path().join("acme.pub"), file).unwrap();
        let text = format!("[server]\nplugin_keys = ['{KEY}', 'file:acme.pub']\n");
        let path = folder.path().join("portcullis.toml");
        let keys = Config::from_text(&text, &path, &|_| None)
            .unwrap()
            .server
            .plugin_keys;
        assert_eq!(keys.len(), 2);
        assert!(keys.iter().all(|key| key.as_str() == KEY));
        assert!(config("").server.plugin_keys.is_empty());
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for (keys, words) in [
            ("[]", "refuse every plugin file"),
            ("['RWQ']", "is no public key of minisign"),
            ("['file:/nowhere/acme.pub']", "cannot be read"),
            ("['file:/dev/null']", "does not hold one public key"),
        ] {
            let found = &problems(&format!("[server]\nplugin_keys = {keys}"))[0];
            assert!(found.contains(words), "{found}");
        }
    }
}
