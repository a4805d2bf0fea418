//! The documentation, held to the code: examples parse and resolve, commands exist, links lead
//! somewhere, every client is connected in both ways, tables are complete.
//!
//! Owns nothing but the reading of Markdown that this takes; fences and inline code are all that it
//! knows of it.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::error::ErrorKind;
use portcullis::cli::{Cli, Exit};
use portcullis::config::{Config, Limit, Limits, ServerLimits};
use serde_json::Value;

const PAGES: [&str; 5] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
];

/// Heading in docs/clients.md, what the stdio snippet holds, what the HTTP snippet holds.
const CLIENTS: [(&str, &str, &str); 10] = [
    (
        "Claude Desktop",
        "\"mcpServers\"",
        "\"mcp-remote\", \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "Claude Code",
        "\"mcpServers\"",
        "\"url\": \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "Cursor",
        "\"mcpServers\"",
        "\"url\": \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "VS Code",
        "\"servers\"",
        "\"type\": \"http\",\n      \"url\": \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "Windsurf",
        "\"mcpServers\"",
        "\"serverUrl\": \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "Zed",
        "\"context_servers\"",
        "\"url\": \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "Continue",
        "mcpServers:\n  - name:",
        "type: streamable-http\n    url: http://127.0.0.1:8787/mcp",
    ),
    (
        "Codex",
        "[mcp_servers.portcullis]\ncommand",
        "[mcp_servers.portcullis]\nurl = \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "Gemini CLI",
        "\"mcpServers\"",
        "\"httpUrl\": \"http://127.0.0.1:8787/mcp\"",
    ),
    (
        "OpenClaw",
        "\"mcp\": {\n    \"servers\"",
        "\"transport\": \"streamable-http\"",
    ),
];

/// A Markdown file.
struct Page {
    name: String,
    /// The lines outside fences.
    prose: String,
    blocks: Vec<Block>,
}

/// A fenced block.
struct Block {
    /// File and line of its fence.
    place: String,
    language: String,
    text: String,
}

impl Page {
    fn read(name: &str) -> Self {
        let text = read(name);
        let mut page = Self {
            name: name.to_owned(),
            prose: String::new(),
            blocks: Vec::new(),
        };
        let mut open = false;
        for (at, line) in text.lines().enumerate() {
            match (open, line.strip_prefix("```")) {
                (false, Some(language)) if !language.contains('`') => {
                    open = true;
                    page.blocks.push(Block::new(name, at, language));
                }
                (true, Some("")) => open = false,
                _ => page.add(open, line),
            }
        }
        assert!(!open, "{name}: the last fence is not closed");
        page
    }

    fn add(&mut self, in_block: bool, line: &str) {
        let text = match self.blocks.last_mut() {
            Some(block) if in_block => &mut block.text,
            _ => &mut self.prose,
        };
        text.push_str(line);
        text.push('\n');
    }
}

impl Block {
    fn new(page: &str, at: usize, language: &str) -> Self {
        Self {
            place: format!("{page}:{}", at + 1),
            language: language.to_owned(),
            text: String::new(),
        }
    }

    /// What a client's file holds, where it is one; refuses what does not parse.
    fn value(&self) -> Result<Option<Value>, String> {
        let text = &self.text;
        match self.language.as_str() {
            "json" => serde_json::from_str(text)
                .map(Some)
                .map_err(|e| e.to_string()),
            "jsonc" => serde_json::from_str(&without_comments(text))
                .map(Some)
                .map_err(|e| e.to_string()),
            "yaml" => serde_yaml_ng::from_str(text)
                .map(Some)
                .map_err(|e| e.to_string()),
            "toml" => text
                .parse::<toml_edit::Document<String>>()
                .map(|_| None)
                .map_err(|e| e.to_string()),
            "sh" | "text" | "rust" => Ok(None),
            other => Err(format!("`{other}` is no language that this test knows")),
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the workspace is above the host")
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn pages() -> Vec<Page> {
    let docs = fs::read_dir(root().join("docs")).expect("docs/ is there");
    let mut names: Vec<String> = docs
        .map(|entry| {
            format!(
                "docs/{}",
                entry.expect("listed").file_name().to_string_lossy()
            )
        })
        .filter(|name| name.ends_with(".md"))
        .collect();
    names.sort();
    PAGES
        .iter()
        .copied()
        .chain(names.iter().map(String::as_str))
        .map(Page::read)
        .collect()
}

fn blocks() -> Vec<Block> {
    pages().into_iter().flat_map(|page| page.blocks).collect()
}

/// JSON without `//` comments; none of ours stands in a text.
fn without_comments(text: &str) -> String {
    let code = |line: &str| match line.split_once("// ") {
        Some((before, _)) if before.matches('"').count() % 2 == 0 => before.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// The words of a command as a shell would see them; quotes are all that it knows.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ') => words.extend(Some(std::mem::take(&mut word)).filter(|w| !w.is_empty())),
            _ => word.push(c),
        }
    }
    words.extend(Some(word).filter(|w| !w.is_empty()));
    words
}

/// Every command of a page, with the page's name: lines of shell blocks and inline code.
fn commands(page: &Page) -> Vec<(String, String)> {
    let shell = page.blocks.iter().filter(|block| block.language == "sh");
    let lines = shell.flat_map(|block| block.text.lines());
    let inline = page
        .prose
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|code| !code.contains('\n'));
    let bare = |line: &str| {
        line.split(" #")
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    lines
        .chain(inline)
        .map(|line| (page.name.clone(), bare(line)))
        .collect()
}

fn check_portcullis(place: &str, words: &[String]) {
    if let Err(error) = Cli::try_parse_from(words) {
        let asked = matches!(
            error.kind(),
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
        );
        assert!(asked, "{place}: `{}`: {error}", words.join(" "));
    }
}

/// The tasks of `cargo xtask`, as its source declares them.
fn tasks() -> Vec<String> {
    let source = read("xtask/src/main.rs");
    let body = source
        .split_once("enum Task {")
        .expect("xtask declares its tasks")
        .1;
    let body = body.split_once("\n}").expect("and ends").0;
    let names = body.lines().filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    names
        .map(|line| {
            line.split(|c: char| !c.is_alphanumeric())
                .next()
                .unwrap_or_default()
                .to_lowercase()
        })
        .collect()
}

#[test]
fn every_example_parses() {
    for block in blocks() {
        if let Err(error) = block.value() {
            panic!("{}: {error}", block.place);
        }
    }
}

#[test]
fn every_configuration_resolves() {
    let configurations: Vec<Block> = blocks()
        .into_iter()
        .filter(|b| b.language == "toml" && b.text.contains("[connections."))
        .collect();
    assert!(
        configurations.len() >= 2,
        "README and docs/configuration.md show one each"
    );
    for block in configurations {
        let folder = tempfile::tempdir().expect("a folder");
        write_secret_files(&block.text, folder.path());
        let any = |_: &str| Some("0123456789abcdef".repeat(4));
        let config = Config::from_text(&block.text, &folder.path().join("portcullis.toml"), &any);
        let config = config.unwrap_or_else(|problems| panic!("{}: {problems}", block.place));
        assert!(
            !config.connections.is_empty(),
            "{}: no connection",
            block.place
        );
        assert!(
            config.warnings.is_empty(),
            "{}: {:?}",
            block.place,
            config.warnings
        );
    }
}

/// The files that `file:PATH` names, as their owner would make them.
fn write_secret_files(text: &str, folder: &Path) {
    let paths = text
        .split("\"file:")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    for path in paths.map(|path| folder.join(path)) {
        fs::create_dir_all(path.parent().expect("it is in the folder")).expect("made");
        fs::write(&path, "0123456789abcdef\n").expect("written");
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("closed");
    }
}

#[test]
fn every_link_leads_to_a_file() {
    for page in pages() {
        let folder = root()
            .join(&page.name)
            .parent()
            .map(PathBuf::from)
            .expect("it is in a folder");
        let targets = page
            .prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://") && !target.starts_with('#')) {
            let file = target.split('#').next().unwrap_or_default();
            assert!(
                folder.join(file).exists(),
                "{}: `{target}` leads nowhere",
                page.name
            );
        }
    }
}

#[test]
fn every_command_exists() {
    let (tasks, mut seen) = (tasks(), 0);
    for (place, line) in pages().iter().flat_map(commands) {
        let line = line.rsplit(" -- ").next().unwrap_or_default();
        let words = words(line);
        match words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["portcullis", _, ..] => check_portcullis(&place, &words),
            ["cargo", "xtask", task, ..] => {
                assert!(
                    tasks.iter().any(|known| known == task),
                    "{place}: no task `{task}` in {tasks:?}"
                );
            }
            _ => continue,
        }
        seen += 1;
    }
    assert!(seen > 20, "only {seen} commands were found");
}

#[test]
fn every_client_starts_a_command_that_exists() {
    for block in blocks() {
        let value = block.value().expect("parses").unwrap_or_default();
        check_entries(&block.place, &value);
    }
}

/// Looks for entries with `command` and `args`, however deep.
fn check_entries(place: &str, value: &Value) {
    let starts_us = value["command"]
        .as_str()
        .is_some_and(|command| command.ends_with("portcullis"));
    if let (true, Some(args)) = (starts_us, value["args"].as_array()) {
        let args = args.iter().filter_map(Value::as_str).map(str::to_owned);
        check_portcullis(
            place,
            &std::iter::once("portcullis".to_owned())
                .chain(args)
                .collect::<Vec<_>>(),
        );
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| check_entries(place, item)),
        Value::Object(members) => members
            .values()
            .for_each(|member| check_entries(place, member)),
        _ => {}
    }
}

#[test]
fn every_client_is_connected_in_both_ways() {
    let text = read("docs/clients.md");
    for (client, over_stdio, over_http) in CLIENTS {
        let (_, section) = text
            .split_once(&format!("\n## {client}\n"))
            .unwrap_or_else(|| panic!("no section `{client}`"));
        let section = section.split("\n## ").next().unwrap_or_default();
        let (_, ways) = section
            .split_once("### stdio\n")
            .unwrap_or_else(|| panic!("{client}: no stdio"));
        let (stdio, http) = ways
            .split_once("### HTTP\n")
            .unwrap_or_else(|| panic!("{client}: no HTTP"));
        assert!(
            stdio.contains(over_stdio),
            "{client}: no `{over_stdio}` in its stdio snippet"
        );
        assert!(
            stdio.contains("--stdio"),
            "{client}: its stdio snippet does not start the program"
        );
        assert!(
            http.contains(over_http),
            "{client}: no `{over_http}` in its HTTP snippet"
        );
    }
}

#[test]
fn every_limit_is_listed_with_its_default() {
    let text = read("docs/configuration.md");
    let (_, text) = text
        .split_once("Below `[server.limits]`")
        .expect("the first table");
    let (server, connection) = text
        .split_once("Below `[connections.NAME.limits]`")
        .expect("the second table");
    let listed = |table: &str, limits: &[Limit]| {
        for limit in limits {
            let row = format!("| `{}` | {} |", limit.key, limit.default);
            assert!(
                table.contains(&row),
                "docs/configuration.md has no row `{row}`"
            );
        }
    };
    listed(server, &ServerLimits::TABLE);
    listed(connection, &Limits::TABLE);
}

#[test]
fn every_variable_is_listed() {
    for (plugin, page, more) in [
        (
            "espocrm",
            "docs/configuration.md",
            &["PORTCULLIS_ALLOW", "PORTCULLIS_HTTP"][..],
        ),
        ("suitecrm", "docs/suitecrm.md", &[]),
        ("bottlecrm", "docs/bottlecrm.md", &[]),
    ] {
        let text = read(page);
        let source = read(&format!("plugins/{plugin}/src/manifest.rs"));
        let declared = source
            .split(".env")
            .skip(1)
            .filter(|rest| rest.starts_with('(') || rest.starts_with("_rule("))
            .filter_map(|rest| rest.split('"').nth(1));
        let declared: Vec<&str> = declared.chain(more.iter().copied()).collect();
        assert!(declared.len() > 5, "{plugin}: {declared:?}");
        for name in declared {
            let mut rows = text.lines().filter(|line| line.starts_with("| `"));
            assert!(
                rows.any(|row| row.contains(&format!("`{name}`"))),
                "{page} has no row for `{name}`"
            );
        }
    }
}

#[test]
fn every_exit_code_is_listed() {
    let text = read("README.md");
    for exit in [
        Exit::Done,
        Exit::Failed,
        Exit::Usage,
        Exit::Config,
        Exit::System,
        Exit::Internal,
    ] {
        let row = format!("\n| {} | ", exit as u8);
        assert!(
            text.contains(&row),
            "README.md lists no exit code {}",
            exit as u8
        );
    }
}

#[test]
fn the_architecture_stays_short() {
    let lines = read("ARCHITECTURE.md").lines().count();
    assert!(lines < 200, "ARCHITECTURE.md has {lines} lines");
}
