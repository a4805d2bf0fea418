//! The example file that the program carries.
//!
//! Owns nothing but the text and the tests that keep it true: it resolves as it stands, and every key
//! stands in it once, with unit, range, default and reason.

/// A configuration file with every key, for `portcullis config example`.
#[must_use]
pub fn example() -> &'static str {
    include_str!("../../../portcullis.example.toml")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::limits::{Limit, Limits, ServerLimits};
    use crate::config::tree::{Table, Tree};
    use crate::config::{Config, Identity, Server, access, connections, file, resolve, server};

    fn env(name: &str) -> Option<String> {
        (name == "ESPOCRM_API_KEY").then(|| "0123456789abcdef".to_owned())
    }

    fn resolved() -> Config {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secrets/espocrm_secret_key");
        std::fs::create_dir(folder.path().join("secrets")).unwrap();
        std::fs::write(&secret, "fedcba9876543210\n").unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        Config::from_text(example(), &folder.path().join("portcullis.toml"), &env).unwrap()
    }

    /// What a limit's comment has to say.
    fn comment(limit: &Limit) -> String {
        let range = limit.range();
        let range = range.trim_start_matches("a whole number of ");
        format!(
            "{}{}. {}",
            range[..1].to_uppercase(),
            &range[1..],
            limit.reason
        )
    }

    /// The comment right above a key in the table of a header, on one line.
    fn comment_above(header: &str, key: &str) -> String {
        let lines: Vec<&str> = example().lines().collect();
        let start = lines.iter().position(|line| *line == header).expect(header);
        let at = start
            + lines[start..]
                .iter()
                .position(|line| line.starts_with(&format!("{key} = ")))
                .expect(key);
        let first = lines[..at]
            .iter()
            .rposition(|line| !line.starts_with('#'))
            .unwrap()
            + 1;
        lines[first..at]
            .iter()
            .map(|line| line.trim_start_matches(['#', ' ']))
            .collect::<Vec<_>>()
            .join(" ")
    }

    fn keys<'t>(table: &'t Table, path: &str) -> Vec<&'t str> {
        let table = path
            .split('.')
            .filter(|key| !key.is_empty())
            .fold(table, |table, key| {
                match &table.get(key).expect(key).value {
                    Tree::Table(table) => table,
                    other => panic!("{key}: {other:?}"),
                }
            });
        table.entries.iter().map(|(key, _)| key.as_str()).collect()
    }

    #[test]
    fn it_resolves_without_a_word() {
        let config = resolved();
        assert!(config.warnings.is_empty(), "{:?}", config.warnings);
        let [sales] = config.connections.as_slice() else {
            panic!("one connection")
        };
        assert_eq!(sales.secrets["secret_key"].expose(), "fedcba9876543210");
        assert_eq!(
            (sales.identity, sales.prefix.as_str()),
            (Identity::Service, "sales")
        );
    }

    #[test]
    fn its_limits_are_the_defaults() {
        let config = resolved();
        let Server { limits, .. } = config.server;
        assert_eq!(
            (limits, config.connections[0].limits),
            (ServerLimits::default(), Limits::default())
        );
    }

    #[test]
    fn every_key_stands_in_it_once() {
        let tree = file::parse(example(), &Path::new("e").into()).unwrap();
        for (path, known) in [
            ("", resolve::KEYS.as_slice()),
            ("server", &server::KEYS),
            ("server.auth", &access::KEYS),
            ("server.log", &server::LOG_KEYS),
            ("server.limits", &ServerLimits::KEYS),
            ("connections.sales", &connections::KEYS),
            ("connections.sales.limits", &Limits::KEYS),
        ] {
            let (mut written, mut known) = (keys(&tree, path), known.to_vec());
            written.sort_unstable();
            known.sort_unstable();
            assert_eq!(written, known, "{path}");
        }
    }

    #[test]
    fn every_limit_is_explained_as_it_is_declared() {
        for (header, table) in [
            ("[server.limits]", ServerLimits::TABLE.as_slice()),
            ("[connections.sales.limits]", &Limits::TABLE),
        ] {
            for limit in table {
                assert_eq!(
                    comment_above(header, limit.key),
                    comment(limit),
                    "{header} {}",
                    limit.key
                );
            }
        }
    }

    #[test]
    fn every_other_key_tells_its_default() {
        for (header, known) in [
            ("[server]", server::KEYS.as_slice()),
            ("[server.auth]", &access::KEYS),
            ("[server.log]", &server::LOG_KEYS),
            ("[connections.sales]", &connections::KEYS),
        ] {
            let tables = ["limits", "log", "secrets", "settings"];
            let is_table =
                |key: &str| tables.contains(&key) || (header, key) == ("[server]", "auth");
            for key in known.iter().filter(|key| !is_table(key)) {
                let comment = comment_above(header, key);
                assert!(
                    comment.contains("Default") || comment.contains("Required"),
                    "{header} {key}: {comment}"
                );
            }
        }
    }
}
