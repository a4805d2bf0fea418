//! The command line: what a person types, and what the exit code says.
//!
//! Only arguments and output; what a command does is done by the modules below it.

mod call;
mod check;
mod cost;
mod demo;
mod examples;
mod key;
mod plugin;
mod prompts;
mod serve;
mod setup;
mod tools;
mod tour;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use futures::future::{BoxFuture, FutureExt};

use crate::config;
use crate::telemetry::Telemetry;

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Done = 0,
    /// What was asked for failed: a tool call that answered an error, a check that found one.
    Failed = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration or a plugin is wrong.
    Config = 3,
    /// The address is in use, or another resource of the system is missing.
    System = 4,
    /// A mistake of this program.
    Internal = 70,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

const EXAMPLES: &str = "\
Examples:
  portcullis demo                          try everything against in-memory CRMs
  portcullis check --live                  is the configuration right, are the CRMs reachable?
  portcullis serve                         serve what portcullis.toml describes
  portcullis serve --stdio                 serve one client on standard input and output
  portcullis call sales_search '{\"entityType\":\"Account\"}'

Configuration: --config FILE, else PORTCULLIS_CONFIG, else ./portcullis.toml, else portcullis.toml in the
user's configuration folder, else the environment variables of the programs that this one replaces
(for instance ESPOCRM_URL and ESPOCRM_API_KEY). `portcullis config example` prints a commented file.

Exit codes: 0 done; 1 what was asked for failed; 2 wrong usage; 3 configuration or plugin wrong;
4 address in use or another resource missing; 70 a mistake of this program.";

/// One MCP server for every CRM a company runs, each connector in its own WASM sandbox.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version = version(), long_version = long_version().leak() as &str, after_help = EXAMPLES)]
pub struct Cli {
    /// The configuration file.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// That of `serve`, for the bare command.
    #[arg(long, hide = true, value_name = "URL")]
    url: Option<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP clients (what the bare command does, unless it is typed at a terminal).
    #[command(after_help = examples::SERVE)]
    Serve(ServeArgs),
    /// Try it: in-memory CRMs, a tour through the tools as a real MCP client, then a server.
    #[command(after_help = examples::DEMO)]
    Demo(DemoArgs),
    /// Check the configuration and the plugins; with --live also each CRM.
    #[command(after_help = examples::CHECK)]
    Check(CheckArgs),
    /// List the tools as a client would see them.
    #[command(after_help = examples::TOOLS)]
    Tools(ToolsArgs),
    /// Call one tool and print its answer.
    #[command(after_help = examples::CALL)]
    Call(CallArgs),
    /// API keys: who may come in over HTTP, and for what.
    #[command(subcommand)]
    Key(key::KeyCommand),
    /// Look at plugins and approve them.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Workflows that clients offer their users.
    #[command(subcommand)]
    Prompts(PromptsCommand),
    /// Configuration files.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print a completion script for a shell.
    #[command(after_help = examples::COMPLETIONS)]
    Completions {
        /// The shell.
        shell: Shell,
        #[command(flatten)]
        unread: Unread,
    },
}

/// How clients reach the server.
#[derive(Debug, Default, Args)]
struct ServeArgs {
    /// Serve one client on standard input and output, also when the file names a listener.
    #[arg(long, conflicts_with = "http")]
    stdio: bool,
    /// Listen on this address instead of the file's, e.g. 127.0.0.1:8787. Without an address: on the
    /// file's, or on the one that the variables of the replaced program name.
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1)]
    http: Option<Option<SocketAddr>>,
    /// The address under which clients reach the listener, e.g. https://mcp.example.com, instead of
    /// that of the file (server.public_url) or of a variable.
    #[arg(long, value_name = "URL", conflicts_with = "stdio")]
    url: Option<String>,
    /// Serve every CRM of this file of suitecrm-mcp instead of what a configuration file says; the
    /// credentials come from the environment.
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    entities: Option<PathBuf>,
    /// Link what only the official conformance suite's fixture may import; for `cargo xtask conformance`.
    #[arg(long, hide = true, conflicts_with = "entities")]
    conformance_fixture: bool,
}

/// The demonstration.
#[derive(Debug, Args)]
struct DemoArgs {
    /// End after the tour; the exit code says whether every step worked.
    #[arg(long, conflicts_with = "stdio")]
    once: bool,
    /// No tour: serve one client on standard input and output, with the in-memory CRMs behind it.
    #[arg(long)]
    stdio: bool,
    /// Where to listen; another port is taken if it is in use.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8787")]
    http: SocketAddr,
    #[command(flatten)]
    unread: Unread,
}

/// `--config` where no configuration is read: taken, so that it can be refused with a reason, and
/// not offered.
#[derive(Debug, Args)]
struct Unread {
    #[arg(long, short, hide = true, value_name = "FILE")]
    config: Option<PathBuf>,
}

/// What to check.
#[derive(Debug, Args)]
struct CheckArgs {
    /// Also reach each CRM and try its credential, without changing anything.
    #[arg(long)]
    live: bool,
    /// The variable that holds your own token, for connections with `identity = "forward"`.
    #[arg(long, value_name = "NAME", requires = "live")]
    token_env: Option<String>,
}

/// How to list.
#[derive(Debug, Args)]
struct ToolsArgs {
    /// Print JSON with schemas.
    #[arg(long)]
    json: bool,
    /// Also tools that the operator's file does not allow.
    #[arg(long)]
    all: bool,
    /// Count what the lists cost: bytes, and tokens of the encoding o200k.
    #[arg(long, conflicts_with = "all")]
    cost: bool,
}

/// What to call.
#[derive(Debug, Args)]
struct CallArgs {
    /// The tool, as `portcullis tools` lists it.
    tool: String,
    /// Its arguments, a JSON object.
    #[arg(default_value = "{}")]
    arguments: String,
    /// Show the preview of a destructive tool and run it without asking again.
    #[arg(long)]
    confirm: bool,
    /// The variable that holds your own token, for a connection with `identity = "forward"`.
    #[arg(long, value_name = "NAME")]
    token_env: Option<String>,
}

#[derive(Debug, Subcommand)]
enum PluginCommand {
    /// What a start would serve, from where, with which routes, and why a file would not be taken.
    #[command(after_help = examples::PLUGIN_LIST)]
    List {
        /// Also the routes of every tool.
        #[arg(long)]
        routes: bool,
    },
    /// Show what a plugin asks for, before it is given anything: imports, tools, routes, credentials,
    /// headers, settings, limits, and how that differs from what was approved.
    #[command(after_help = examples::PLUGIN_INSPECT)]
    Inspect {
        /// A file, or the id of a plugin of the folder or of this program.
        plugin: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Approve a plugin of the folder that is new, changed, or asks for more than before. Shows the
    /// difference and asks; a running server takes the answer up.
    #[command(after_help = examples::PLUGIN_APPROVE)]
    Approve {
        /// The plugin's id.
        id: String,
        /// Approve without asking, for scripts.
        #[arg(long, short)]
        yes: bool,
    },
    /// Print the SQL that a plugin of this program offers to be run in the CRM's database, e.g.
    /// `portcullis plugin sql atomic > functions.sql`. Nothing is run.
    #[command(after_help = examples::PLUGIN_SQL)]
    Sql {
        /// The plugin's id.
        id: String,
        #[command(flatten)]
        unread: Unread,
    },
}

#[derive(Debug, Subcommand)]
enum PromptsCommand {
    /// Write the built-in texts into a folder, one file each, to be edited. The folder is used once the
    /// configuration names it: `[server] prompts = "prompts"`.
    ///
    /// A file that is there already is left as it is. To have a built-in text back, delete its file.
    #[command(after_help = examples::PROMPTS_EXPORT)]
    Export {
        /// The folder.
        #[arg(default_value = "prompts")]
        folder: PathBuf,
        #[command(flatten)]
        unread: Unread,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Print a commented example of every key.
    #[command(after_help = examples::CONFIG_EXAMPLE)]
    Example(Unread),
}

impl Cli {
    /// Runs the command. Boxed, so that the program's code is generated once, in this library, and
    /// not again in every crate that calls it.
    #[must_use]
    pub fn run(self) -> BoxFuture<'static, Exit> {
        self.dispatch().boxed()
    }

    async fn dispatch(self) -> Exit {
        if let Some(exit) = self.refuse_unread().or_else(|| self.refuse_url()) {
            return exit;
        }
        let (config, url) = (self.config, self.url);
        match self.command {
            None if url.is_none() && at_a_terminal() => help(),
            None => {
                let args = ServeArgs {
                    url,
                    ..ServeArgs::default()
                };
                serve::serve(config, args, Telemetry::start()).await
            }
            Some(Command::Serve(mut args)) => {
                args.url = args.url.or(url);
                serve::serve(config, args, Telemetry::start()).await
            }
            Some(Command::Demo(args)) => demo::demo(args, Telemetry::start()).await,
            Some(Command::Check(args)) => check::check(config, args, Telemetry::start()).await,
            Some(Command::Tools(args)) => tools::tools(config, &args).await,
            Some(Command::Call(args)) => call::call(config, args).await,
            Some(Command::Key(command)) => key::key(config, command).await,
            Some(Command::Plugin(PluginCommand::List { routes })) => {
                plugin::list(config, routes).await
            }
            Some(Command::Plugin(PluginCommand::Inspect { plugin, json })) => {
                plugin::inspect(config, &plugin, json).await
            }
            Some(Command::Plugin(PluginCommand::Approve { id, yes })) => {
                plugin::approve(config, &id, yes).await
            }
            Some(Command::Plugin(PluginCommand::Sql { id, .. })) => plugin::sql(&id).await,
            Some(Command::Prompts(PromptsCommand::Export { folder, .. })) => {
                prompts::export(&folder)
            }
            Some(Command::Config(ConfigCommand::Example(_))) => print(config::example()),
            Some(Command::Completions { shell, .. }) => completions(shell),
        }
    }
}

impl Cli {
    /// A file that is named and not read would be believed in.
    fn refuse_unread(&self) -> Option<Exit> {
        let unread = match self.command.as_ref()? {
            Command::Demo(DemoArgs { unread, .. })
            | Command::Plugin(PluginCommand::Sql { unread, .. })
            | Command::Config(ConfigCommand::Example(unread))
            | Command::Completions { unread, .. } => unread,
            _ => return None,
        };
        let given = self.config.as_ref().or(unread.config.as_ref())?;
        let message = format!(
            "this command reads no configuration, so `--config {}` has no effect; leave it out",
            given.display()
        );
        Some(complain(Exit::Usage, message))
    }
}

impl Cli {
    /// An address that only `serve` names to its clients would be believed in, too.
    fn refuse_url(&self) -> Option<Exit> {
        let serves = matches!(self.command, None | Some(Command::Serve(_)));
        let _url = self.url.as_ref().filter(|_| !serves)?;
        let message = "--url belongs to `serve`, and this command serves nothing; leave it out";
        Some(complain(Exit::Usage, message))
    }
}

fn at_a_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stdin())
}

fn help() -> Exit {
    print(&Cli::command().render_help().ansi().to_string())
}

fn completions(shell: Shell) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "portcullis", &mut script);
    print(&String::from_utf8_lossy(&script))
}

/// Writes to standard output; a closed pipe (`portcullis tools | head`) is no failure.
fn print(text: &str) -> Exit {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match write!(out, "{text}{end}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Exit::System,
        _ => Exit::Done,
    }
}

/// Writes one line of a longer output; whoever stopped reading misses it.
fn say(line: impl std::fmt::Display) {
    print(&line.to_string());
}

/// Writes an error for a person.
fn complain(exit: Exit, message: impl std::fmt::Display) -> Exit {
    eprintln!("error: {message}");
    exit
}

fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn long_version() -> String {
    let plugins = crate::registry::embedded()
        .iter()
        .map(|plugin| plugin.name)
        .collect::<Vec<_>>();
    let plugins = if plugins.is_empty() {
        "none (`cargo xtask plugins` builds them)".to_owned()
    } else {
        plugins.join(", ")
    };
    format!(
        "{}\nplugin ABI: portcullis:plugin@{}\nMCP revisions: {}\nembedded plugins: {plugins}",
        version(),
        portcullis_manifest::ABI,
        crate::mcp::revisions(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_that_does_something_has_examples_that_are_accepted() {
        let mut checked = 0;
        let mut all = vec![Cli::command()];
        while let Some(command) = all.pop() {
            let inner: Vec<_> = command.get_subcommands().cloned().collect();
            let help = command.get_after_help().map(ToString::to_string);
            if inner.is_empty() {
                assert!(help.is_some(), "{}", command.get_name());
            }
            for line in help.iter().flat_map(|help| help.lines()) {
                if let Some(line) = line.strip_prefix("  portcullis") {
                    accept(&format!("portcullis{line}"));
                    checked += 1;
                }
            }
            all.extend(inner);
        }
        assert!(checked > 20, "{checked}");
    }

    /// Parses a line of help: what stands behind two blanks or an arrow is not typed as an argument,
    /// and what stands in quotes is one.
    fn accept(line: &str) {
        let typed = line.split("   ").next().unwrap_or_default();
        let typed = typed.split(" > ").next().unwrap_or_default();
        let words = typed
            .split('\'')
            .enumerate()
            .flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect(),
                _ => vec![part.to_owned()],
            });
        if let Err(error) = Cli::try_parse_from(words) {
            panic!("{line}\n{error}");
        }
    }

    #[test]
    fn the_address_for_clients_is_taken_where_something_is_served() {
        for (words, refused) in [
            (&["--url=https://mcp.example.com"][..], false),
            (&["--url=https://mcp.example.com", "serve", "--http"], false),
            (&["serve", "--url=https://mcp.example.com"], false),
            (&["--url=https://mcp.example.com", "check"], true),
        ] {
            let cli = Cli::parse_from([&["portcullis"], words].concat());
            assert_eq!(cli.refuse_url().is_some(), refused, "{words:?}");
        }
    }

    #[test]
    fn a_configuration_that_is_not_read_is_refused() {
        for command in [
            &["demo"][..],
            &["config", "example"],
            &["completions", "bash"],
            &["plugin", "sql", "atomic"],
        ] {
            let parse = |words: &[&[&str]]| Cli::parse_from(words.concat());
            let (name, config) = (&["portcullis"][..], &["--config", "x"][..]);
            let refused = |cli: Cli| cli.refuse_unread() == Some(Exit::Usage);
            assert!(refused(parse(&[name, config, command])), "{command:?}");
            assert!(refused(parse(&[name, command, config])), "{command:?}");
            assert!(!refused(parse(&[name, command])), "{command:?}");
        }
        assert!(
            Cli::parse_from(["portcullis", "check", "-c", "x"])
                .refuse_unread()
                .is_none()
        );
    }
}
