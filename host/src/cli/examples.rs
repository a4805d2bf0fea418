//! The examples below each command's help; a test parses every one of them.

pub const SERVE: &str = "\
Examples:
  portcullis serve                          over HTTP if the file names a listener, else over stdio
  portcullis serve --stdio                  one client on standard input and output
  portcullis serve --http 127.0.0.1:8787    another listener than the file's
  portcullis serve --config sales.toml      another file";

pub const DEMO: &str = "\
Examples:
  portcullis demo                           the tour, then a server until Ctrl-C
  portcullis demo --once                    the tour alone, for a script
  portcullis demo --stdio                   for a client that starts its servers itself

It brings its own configuration, so --config is refused, and listens on this machine only.";

pub const CHECK: &str = "\
Examples:
  portcullis check                          the file, the secrets, the plugins
  portcullis check --live                   also each CRM: address, credential, rights
  portcullis check --live --token-env ADA   the same with the token that the variable ADA holds
  portcullis check --config new.toml        a file before it is put in place

Exit code 1: something does not work, for instance a credential that is missing, a plugin file that
was not taken, or no connection at all. Exit code 3: the configuration is refused.";

pub const TOOLS: &str = "\
Examples:
  portcullis tools                          names, effects and descriptions
  portcullis tools --all                    also what the configuration does not allow
  portcullis tools --json                   with schemas, each tool as it is called
  portcullis tools --cost                   what the lists take of a model's context window";

pub const CALL: &str = "\
Examples:
  portcullis call sales_list_entity_types
  portcullis call sales_search '{\"entityType\":\"Account\",\"limit\":5}'
  portcullis call sales_delete '{\"entityType\":\"Lead\",\"id\":\"65f0c0ffee\"}' --confirm
  portcullis call mine_search '{\"entity\":\"leads\"}' --token-env MY_TOKEN

Exit code 1: the tool answered an error, which stands on standard output like any answer.";

pub const KEY_ISSUE: &str = "\
Examples:
  portcullis key issue ada-laptop --expires 90d
  portcullis key issue dashboard --expires never --connections sales --allow read
  portcullis key issue intake --expires 2027-01-31 --tools 'search*,create' --rate 60

The key goes to standard output, what is said of it to standard error. It narrows what the
configuration allows and never widens it. Keys are asked for where `auth = \"keys\"` stands below
[server]; over stdio nobody needs one.";

pub const KEY_LIST: &str = "\
Examples:
  portcullis key list                       who has a key, for what, and when it was last used
  portcullis key list --all --json          also those that are good no longer";

pub const KEY_REVOKE: &str = "\
Examples:
  portcullis key revoke ada-laptop";

pub const PLUGIN_LIST: &str = "\
Examples:
  portcullis plugin list                    ids, versions, origins, and files that were refused
  portcullis plugin list --routes           also every request that each tool may send

This looks at the program and the plugin folder afresh: it says what a start would serve. A server
that runs already logs what it took up and what it refused.";

pub const PLUGIN_INSPECT: &str = "\
Examples:
  portcullis plugin inspect notes.wasm      a file, before it is put into the folder
  portcullis plugin inspect notes           what the folder holds of this id
  portcullis plugin inspect notes --json    for a script

Nothing of the plugin runs but its description of itself, which has no way to any CRM. Exit code 3: the
file would be refused, and why.";

pub const PLUGIN_APPROVE: &str = "\
Examples:
  portcullis plugin approve notes           shows what it asks for, and asks
  portcullis plugin approve notes --yes     for a script; look at it first

The answer stands in portcullis.lock beside the configuration file. Exit code 1: the answer was no.";

pub const PLUGIN_SQL: &str = "\
Examples:
  portcullis plugin sql atomic > functions.sql

No connection is needed, so --config is refused.";

pub const PROMPTS_EXPORT: &str = "\
Examples:
  portcullis prompts export                 into the folder `prompts`
  portcullis prompts export my-prompts";

pub const CONFIG_EXAMPLE: &str = "\
Examples:
  portcullis config example > portcullis.toml

It prints the same whatever the configuration, so --config is refused.";

pub const COMPLETIONS: &str = "\
Examples:
  portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis
  portcullis completions zsh > ~/.zfunc/_portcullis";
