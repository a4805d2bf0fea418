//! What SuiteCRM refuses before its database sees it.
//!
//! It looks at words wherever they stand, also inside a text that is only compared with. It lets
//! `sleep` through, and both comments in `/* */` and with `#`.

/// Tables a sub-select may read.
const OPEN_TABLES: [&str; 6] = [
    "email_addr_bean_rel",
    "email_addresses",
    "emails",
    "emails_beans",
    "emails_text",
    "teams",
];
/// Words it refuses; two of them in a row are one entry.
const WORDS: [&str; 7] = [
    "union",
    "benchmark",
    "load_file",
    "limit",
    "group by",
    "user_hash",
    "outfile",
];

/// Whether SuiteCRM answers a clause or an order with "Access Denied".
pub(crate) fn refused(clause: &str) -> bool {
    let words = words(clause);
    let spaced = format!(" {} ", words.join(" "));
    WORDS
        .iter()
        .any(|word| spaced.contains(&format!(" {word} ")))
        || clause.contains([';'])
        || clause.contains("--")
        || clause.contains("@@")
        || selects_elsewhere(&words)
}

fn selects_elsewhere(words: &[String]) -> bool {
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let sources = words.iter().zip(words.iter().skip(1));
    let open = |table: &String| OPEN_TABLES.contains(&table.as_str());
    let mut tables = sources.filter(|(word, _)| *word == "from" || *word == "join");
    has("select") && !(has("from") && tables.all(|(_, table)| open(table)))
}

fn words(clause: &str) -> Vec<String> {
    clause
        .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::refused;

    #[test]
    fn words_are_refused_wherever_they_stand() {
        for clause in [
            "1=1 UNION SELECT user_hash FROM users",
            "accounts.name = 'Student Union'",
            "accounts.id IN (SELECT account_id FROM accounts_contacts)",
            "accounts.name='x'; DROP TABLE x",
            "accounts.name LIKE 'A%' -- x",
            "BENCHMARK(10,MD5('x'))=0",
            "accounts.name = LOAD_FILE('/etc/hostname')",
            "users.user_hash LIKE '$2%'",
            "accounts.name = @@version",
            "1=1 GROUP  BY accounts.id",
            "1=1 limit 5",
            "(select 1)",
        ] {
            assert!(refused(clause), "{clause}");
        }
    }

    #[test]
    fn what_the_real_one_lets_through() {
        for clause in [
            "",
            "sleep(5)=0",
            "accounts.name LIKE 'A%' # x",
            "accounts.name /* x */ LIKE 'A%'",
            "contacts.id IN (SELECT eabr.bean_id FROM email_addr_bean_rel eabr JOIN email_addresses ea ON (1=1))",
            "accounts.name = 'Unions and limits'",
        ] {
            assert!(!refused(clause), "{clause}");
        }
    }
}
