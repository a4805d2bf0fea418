//! Signatures of plugin files, where the operator named the keys of those whom they trust.
//!
//! Owns where a signature stands (`notes.wasm.minisig` beside `notes.wasm`) and that it is checked on the
//! very bytes that are loaded. How signatures work is minisign's.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use minisign_verify::Signature;

use super::folder::read_at_most;
use crate::config::PluginKey;

/// The extension of a signature.
pub const EXTENSION: &str = "minisig";

/// The longest signature that is read, in bytes; one has four lines.
const LONGEST: u64 = 16 << 10;

/// Who signed a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The key, as minisign prints it.
    pub key: String,
    /// What the signer wrote beside it, which the signature covers.
    pub comment: String,
}

/// Why a file does not count as signed.
#[derive(Debug, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("is not signed: there is no {}, and `server.plugin_keys` asks for one", .0.display())]
    Missing(PathBuf),
    /// There is one that cannot be read.
    #[error("its signature {} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The signature's file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// It is no signature.
    #[error("its signature {} is none of minisign: {cause}", path.display())]
    Malformed {
        /// The signature's file.
        path: PathBuf,
        /// Why.
        cause: minisign_verify::Error,
    },
    /// It is that of other bytes, or of another key.
    #[error("its signature {} is not one of these bytes by a key of `server.plugin_keys`", .0.display())]
    Wrong(PathBuf),
}

/// Where the signature of a file stands.
#[must_use]
pub fn beside(file: &Path) -> PathBuf {
    let mut path = OsString::from(file);
    path.push(".");
    path.push(EXTENSION);
    path.into()
}

/// Who signed the bytes that were read of a file; nobody is asked for where there are no keys.
///
/// # Errors
/// There are keys, and none of them signed these bytes.
pub async fn check(
    file: &Path,
    bytes: &[u8],
    keys: &[PluginKey],
) -> Result<Option<Signed>, SignatureError> {
    if keys.is_empty() {
        return Ok(None);
    }
    let path = beside(file);
    let text = match read(&path).await {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(SignatureError::Missing(path));
        }
        Err(cause) => return Err(SignatureError::Unreadable { path, cause }),
    };
    match Signature::decode(&text) {
        Ok(signature) => verify(&signature, bytes, keys)
            .map(Some)
            .ok_or(SignatureError::Wrong(path)),
        Err(cause) => Err(SignatureError::Malformed { path, cause }),
    }
}

fn verify(signature: &Signature, bytes: &[u8], keys: &[PluginKey]) -> Option<Signed> {
    // Both ways of minisign to sign are sound; the older one only wants the whole file in memory.
    let signed = |key: &&PluginKey| key.key().verify(bytes, signature, true).is_ok();
    let key = keys.iter().find(signed)?;
    let comment = signature.trusted_comment();
    let comment = comment.strip_prefix("trusted comment: ").unwrap_or(comment);
    Some(Signed {
        key: key.as_str().to_owned(),
        comment: comment.chars().filter(|c| !c.is_control()).collect(),
    })
}

async fn read(path: &Path) -> io::Result<String> {
    let bytes = read_at_most(path, LONGEST).await?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| io::Error::other("what it holds is no signature"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// The key whose private half (the seed of Ed25519) is 32 bytes of 7, and whose id is `PORTCULL`.
    const KEY: &str = "RWRQT1JUQ1VMTOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs";

    /// Made with that key over the BLAKE2b of `a plugin`, as minisign does it today.
    const SIGNATURE: &str = "\
untrusted comment: signature of the tests
RURQT1JUQ1VMTMJqR7pyBb9NItHTRUZDvb3jNHe6WZTwDE0+oTF4193yrtKTZJYecUx3rmjLyn9L6++BWXiOEIzVLuSVj1ihqgA=
trusted comment: made by the fixture key
vPTxJdLQ8Tut6vL9P0WQYoAxLj3s20n+6DAKZ4agDrBMRt8SKdW8/8rgtl0ne8Hj4ltWh+D3GxHu4e/y0whlBA==
";

    fn keys() -> Vec<PluginKey> {
        let text = format!("[server]\nplugin_keys = ['{KEY}']");
        let config = Config::from_text(&text, Path::new("t.toml"), &|_| None);
        config.unwrap().server.plugin_keys
    }

    #[tokio::test]
    async fn a_signature_fits_its_bytes_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("notes.wasm");
        assert!(matches!(check(&file, b"a plugin", &[]).await, Ok(None)));
        let missing = check(&file, b"a plugin", &keys()).await;
        assert!(matches!(missing, Err(SignatureError::Missing(_))));
        std::fs::write(folder.path().join("notes.wasm.minisig"), SIGNATURE).unwrap();
        let signed = check(&file, b"a plugin", &keys()).await.unwrap().unwrap();
        assert_eq!(
            (signed.key.as_str(), signed.comment.as_str()),
            (KEY, "made by the fixture key")
        );
        let other = check(&file, b"A plugin", &keys()).await;
        assert!(matches!(other, Err(SignatureError::Wrong(_))));
        let forged = SIGNATURE.replace("the fixture key", "somebody else");
        std::fs::write(folder.path().join("notes.wasm.minisig"), forged).unwrap();
        let forged = check(&file, b"a plugin", &keys()).await;
        assert!(
            matches!(forged, Err(SignatureError::Wrong(_))),
            "the comment is signed too"
        );
        std::fs::write(folder.path().join("notes.wasm.minisig"), "hello").unwrap();
        let malformed = check(&file, b"a plugin", &keys()).await;
        assert!(matches!(malformed, Err(SignatureError::Malformed { .. })));
    }
}
