//! Which modules this user sees, and what the role allows on each; the tool `list_modules`.
//!
//! v4_1 does not check the role everywhere: linked rows, text search and counts come from modules
//! that are switched off for the user, and links are changed without the right to edit. Those tools
//! ask here first.

use portcullis_sdk::{Call, Failure, Outcome, code, text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{metadata, rpc, settings::Settings};

const KEY: &str = "modules";

/// Lists the modules that this user sees, with their labels and what the role allows: list, view,
/// edit, delete, import, export. Technical modules are included unless filter narrows the list.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListModulesArgs {
    /// `all`, `default` (those of the CRM's menu) or `mobile`; default all.
    #[serde(default)]
    filter: Filter,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Filter {
    #[default]
    All,
    Default,
    Mobile,
}

/// Modules.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ListedModules {
    modules: Vec<ListedModule>,
    count: usize,
}

#[derive(Serialize, JsonSchema)]
struct ListedModule {
    /// The name that tools take as `module`.
    key: String,
    label: String,
    /// What the role allows.
    access: Vec<String>,
}

pub(crate) fn list_modules(
    call: &Call<'_>,
    args: &ListModulesArgs,
) -> Result<ListedModules, Failure> {
    let settings = Settings::of(call)?;
    let modules = match args.filter {
        Filter::All => list(call)?,
        Filter::Default => fetch(call, "default")?,
        Filter::Mobile => fetch(call, "mobile")?,
    };
    let shown: Vec<_> = modules
        .0
        .iter()
        .filter(|(key, _)| settings.allows(key))
        .map(|(key, raw)| ListedModule {
            key: key.clone(),
            label: raw["l"].as_str().unwrap_or_default().to_owned(),
            access: access(raw).map(str::to_owned).collect(),
        })
        .collect();
    Ok(ListedModules {
        count: shown.len(),
        modules: shown,
    })
}

/// The modules that this user sees.
pub(crate) struct Modules(Map<String, Value>);

impl Modules {
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether the role allows an action; no module, no action.
    pub(crate) fn allow(&self, module: &str, action: &str) -> bool {
        self.0
            .get(module)
            .is_some_and(|raw| access(raw).any(|allowed| allowed == action))
    }

    /// Refuses a module that this user does not see, or whose rows the role hides.
    pub(crate) fn require_list(&self, module: &str, pointer: &str) -> Result<(), Failure> {
        if !self.0.contains_key(module) {
            return Err(Failure::bad_input(
                code::INVALID_ENTITY_TYPE,
                format!("this user sees no module `{module}`"),
            )
            .at(pointer)
            .suggest("list_modules shows the modules that this user sees")
            .suggest_some(text::did_you_mean(module, self.names())));
        }
        if self.allow(module, "list") {
            return Ok(());
        }
        Err(denied(
            format!("the user's role hides the records of {module}"),
            pointer,
        ))
    }

    /// Refuses a module whose records the role does not let this user edit. One that is not in the
    /// list has no rights to look up.
    pub(crate) fn require_edit(&self, module: &str, pointer: &str) -> Result<(), Failure> {
        if !self.0.contains_key(module) || self.allow(module, "edit") {
            return Ok(());
        }
        Err(denied(
            format!("the user's role does not allow to edit {module}"),
            pointer,
        ))
    }
}

fn denied(message: String, pointer: &str) -> Failure {
    Failure::forbidden(code::PERMISSION_DENIED, message)
        .at(pointer)
        .suggest("list_modules shows what this user may do per module")
        .outcome(Outcome::NotDone)
}

/// The modules, from the cache or from the CRM.
pub(crate) fn list(call: &Call<'_>) -> Result<Modules, Failure> {
    if let Some(Value::Object(kept)) = call.cache().value(KEY) {
        return Ok(Modules(kept));
    }
    let modules = fetch(call, "all")?;
    call.cache().put(KEY, &modules.0, metadata::ttl(call)?);
    Ok(modules)
}

fn fetch(call: &Call<'_>, filter: &str) -> Result<Modules, Failure> {
    let answer = rpc::read(call, "get_available_modules", "", vec![json!(filter)])?;
    let raw = answer["modules"]
        .as_array()
        .ok_or_else(|| rpc::unexpected("get_available_modules"))?;
    let module = |raw: &Value| {
        let allowed: Vec<&str> = raw["acls"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|acl| acl["access"] == true)
            .filter_map(|acl| acl["action"].as_str())
            .collect();
        let label = &raw["module_label"];
        Some((
            raw["module_key"].as_str()?.to_owned(),
            json!({"l": label, "a": allowed.join(" ")}),
        ))
    };
    Ok(Modules(raw.iter().filter_map(module).collect()))
}

fn access(raw: &Value) -> impl Iterator<Item = &str> {
    raw["a"].as_str().unwrap_or_default().split_whitespace()
}
