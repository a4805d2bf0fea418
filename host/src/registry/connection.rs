//! A connection that works: the operator's configuration met with a plugin.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use portcullis_manifest::Manifest;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::slots::{self, Slots};
use super::{Plugin, tokens, zones};
use crate::admission::{Gate, Rate};
use crate::capability::{GuestCache, Link};
use crate::config::{self, Auth, Confirm, Identity, Problem};
use crate::identity::Issuer;
use crate::policy::{ConfirmRule, Rule, ToolFilter};
use crate::schema::nearest;
use crate::upstream::{
    CircuitLimits, Limits, Names, RefreshStore, Secret, Secrets, Spec, SpecError, Upstream,
};

/// What outlasts a connection: a reload makes connections anew, and must neither lose a refresh token
/// nor take a name that turned private for one that always was.
#[derive(Clone)]
pub struct Lasting {
    /// Where refresh tokens are kept.
    pub refresh_tokens: Arc<dyn RefreshStore>,
    /// How names become addresses, and what they were at first.
    pub names: Arc<Names>,
}

/// How many connections were made in this process.
static MADE: AtomicU64 = AtomicU64::new(0);

/// One CRM account with the plugin that serves it.
pub struct Connection {
    /// What the operator said.
    pub config: config::Connection,
    /// The plugin.
    pub plugin: Arc<Plugin>,
    /// What the plugin's instances may reach.
    pub link: Arc<Link>,
    /// Who may start now.
    pub gate: Gate,
    /// What policy asks of it.
    pub rule: Arc<Rule>,
    /// Which making of a connection this is: another one at every change of what it is made of.
    pub serial: u64,
    /// Who issues its callers' tokens, where the host can judge them itself.
    pub issuer: Option<Arc<Issuer>>,
    /// Things to know.
    pub warnings: Vec<Problem>,
    slots: Slots,
    unused: CancellationToken,
}

impl Connection {
    /// Checks the configuration against the plugin's manifest, and builds the way to the CRM;
    /// nothing is dialled yet. What it is handed outlasts it.
    ///
    /// # Errors
    /// All keys that do not fit the plugin.
    pub fn link(
        config: config::Connection,
        plugin: Arc<Plugin>,
        lasting: &Lasting,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        check_secrets(&config, &plugin, &mut problems);
        let settings = settings(&config, &plugin, &mut problems);
        let rule = rule(&config).map_err(|problem| problems.push(problem)).ok();
        let upstream = Upstream::new(spec(&config, &plugin, lasting))
            .map_err(|errors| problems.extend(errors.iter().map(|error| misspelt(&config, error))))
            .ok();
        let (Some(rule), Some(upstream), true) = (rule, upstream, problems.is_empty()) else {
            return Err(problems);
        };
        let slots = Slots::of(&upstream, &config, &plugin.manifest);
        let warnings = warnings(&config, &plugin, (&slots, upstream.lacks()), &rule);
        let unused = CancellationToken::new();
        let upstream = Arc::new(upstream);
        let issuer = tokens::issuer(&config, &plugin.manifest, &upstream);
        let link = Arc::new(Link {
            about: about(&config, &slots),
            upstream,
            in_use: unused.clone().drop_guard(),
            settings,
            cache: GuestCache::default(),
            forward: config.identity == Identity::Forward,
            limits: config.limits,
        });
        Ok(Self {
            serial: MADE.fetch_add(1, Ordering::Relaxed),
            gate: gate(&config),
            rule: Arc::new(rule),
            link,
            plugin,
            config,
            issuer: issuer.map(Arc::new),
            warnings,
            slots,
            unused,
        })
    }

    /// Resolves the CRM's name: what it is now, public or private, is what it may be.
    pub async fn settle(&self) {
        if let Err(failed) = self.link.upstream.settle().await {
            tracing::warn!(connection = %self.config.name, detail = %failed.detail, "the CRM's name does not resolve yet");
        }
    }

    /// Ends the sessions at the CRM once the connection and all calls of it are gone.
    pub fn leave(&self) -> impl Future<Output = ()> + Send + 'static {
        let (upstream, unused) = (Arc::clone(&self.link.upstream), self.unused.clone());
        async move {
            unused.cancelled().await;
            upstream.close().await;
        }
    }

    /// Whether each caller acts with their own token.
    #[must_use]
    pub fn forwards(&self) -> bool {
        self.config.identity == Identity::Forward
    }

    /// Which alternative each credential slot uses, or what it lacks; for a person.
    #[must_use]
    pub fn credentials(&self) -> String {
        self.slots.shown()
    }
}

fn check_secrets(config: &config::Connection, plugin: &Plugin, problems: &mut Vec<Problem>) {
    let known: Vec<String> = plugin.manifest.secrets.keys().cloned().collect();
    for name in config.secrets.keys().filter(|name| !known.contains(name)) {
        let near = match nearest(name, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it knows {}", known.join(", ")),
        };
        problems.push(config.problem(
            &format!("secrets.{name}"),
            format!(
                "the plugin `{}` knows no secret `{name}`; {near}",
                plugin.id
            ),
        ));
    }
}

/// The settings with their defaults.
fn settings(
    config: &config::Connection,
    plugin: &Plugin,
    problems: &mut Vec<Problem>,
) -> Map<String, Value> {
    let mut settings = config.settings.clone();
    let Some(declared) = &plugin.settings else {
        if let Some(key) = settings.keys().next() {
            problems.push(config.problem(
                &format!("settings.{key}"),
                format!("the plugin `{}` has no settings", plugin.id),
            ));
        }
        return settings;
    };
    for flaw in declared.flaws(&Value::Object(settings.clone())) {
        let key = flaw.at.replace('/', ".");
        problems.push(config.problem(&format!("settings{key}"), flaw.what));
    }
    let properties = declared.text.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        if let (false, Some(default)) = (settings.contains_key(key), property.get("default")) {
            settings.insert(key.clone(), default.clone());
        }
    }
    for key in zones::unknown(properties, &settings) {
        problems.push(config.problem(&format!("settings.{key}"), zones::ADVICE));
    }
    settings
}

fn rule(config: &config::Connection) -> Result<Rule, Problem> {
    let tools = ToolFilter::parse(&config.tools)
        .map_err(|error| config.problem("tools", error.to_string()))?;
    let confirm = match config.confirm {
        Confirm::Token => ConfirmRule::Any,
        Confirm::Human => ConfirmRule::Human,
    };
    Ok(Rule {
        allow: config.allow.clone(),
        tools,
        confirm,
    })
}

fn spec(config: &config::Connection, plugin: &Plugin, lasting: &Lasting) -> Spec {
    let manifest = &plugin.manifest;
    let secret = |(name, secret): (&String, &config::Secret)| {
        let scrub = manifest
            .secrets
            .get(name)
            .is_none_or(|declared| declared.scrub);
        (
            name.clone(),
            Secret {
                value: secret.expose().to_owned().into(),
                scrub,
            },
        )
    };
    Spec {
        name: config.name.to_string(),
        site: config.url.clone(),
        base: manifest.base.clone(),
        credentials: manifest.credentials.clone(),
        auth: match &config.auth {
            Auth::Any(name) => Some(name.clone()),
            Auth::First | Auth::Each(_) => None,
        },
        auth_of: match &config.auth {
            Auth::Each(slots) => slots.clone(),
            Auth::First | Auth::Any(_) => BTreeMap::new(),
        },
        forward: config.identity == Identity::Forward,
        secrets: config.secrets.iter().map(secret).collect::<Secrets>(),
        labels: labels(config, manifest),
        headers: manifest.headers.clone(),
        limits: Limits {
            request_bytes: usize::try_from(config.limits.request_bytes).unwrap_or(usize::MAX),
            response_bytes: usize::try_from(config.limits.response_bytes).unwrap_or(usize::MAX),
            timeout: Duration::from_millis(config.limits.timeout_ms),
            ..Limits::default()
        },
        circuit: CircuitLimits {
            threshold: u32::try_from(config.limits.breaker_threshold).unwrap_or(u32::MAX),
            reset: Duration::from_millis(config.limits.breaker_reset_ms),
        },
        explained: manifest.explained.clone(),
        tls_verify: config.tls_verify,
        exceptions: config.allow_addresses.clone(),
        refresh_tokens: Arc::clone(&lasting.refresh_tokens),
        names: Arc::clone(&lasting.names),
    }
}

/// The variables of the secrets of a connection that variables made.
fn labels(config: &config::Connection, manifest: &Manifest) -> BTreeMap<String, String> {
    let mut labels = BTreeMap::<String, String>::new();
    for (variable, rule) in manifest.env.iter().filter(|_| config.is_of_variables()) {
        let Some(secret) = rule.set.strip_prefix("secrets.") else {
            continue;
        };
        let label = labels.entry(secret.to_owned()).or_default();
        if !label.is_empty() {
            label.push_str("` or `");
        }
        label.push_str(variable);
    }
    labels
}

/// A problem of the way to the CRM, at the key that causes it.
fn misspelt(config: &config::Connection, error: &SpecError) -> Problem {
    let key = match error {
        SpecError::Base(_) | SpecError::Address(_) => "url",
        SpecError::AuthSlot { slot, .. }
        | SpecError::AuthOfSlot { slot, .. }
        | SpecError::AuthOfOtherIdentity {
            slot: Some(slot), ..
        } => &format!("auth.{slot}"),
        SpecError::Auth { .. }
        | SpecError::AuthOfOtherIdentity { slot: None, .. }
        | SpecError::Credential(_) => "auth",
        SpecError::Identity { .. } | SpecError::NoSlot => "identity",
        SpecError::Secrets => "secrets",
        SpecError::Headers(_) | SpecError::Constant { .. } => "plugin",
    };
    config.problem(key, error.to_string())
}

fn about(config: &config::Connection, slots: &Slots) -> Map<String, Value> {
    let about = json!({
        "name": config.name,
        "prefix": config.prefix,
        "url": config.url.as_str().trim_end_matches('/'),
        "identity": config.identity.as_str(),
        "limits": {
            "response_bytes": config.limits.response_bytes,
            "upstream_calls": config.limits.upstream_calls,
            "timeout_ms": config.limits.timeout_ms,
        },
        "credentials": slots.ready(),
    });
    match about {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn gate(config: &config::Connection) -> Gate {
    let narrow = |limit: u64| u32::try_from(limit).unwrap_or(u32::MAX);
    let limits = &config.limits;
    let rate = Rate {
        per_second: narrow(limits.rate_per_second),
        burst: narrow(limits.rate_burst),
    };
    Gate::new(narrow(limits.concurrent_calls), rate)
}

/// The shortest secret that is removed from answers; a shorter one would damage texts.
const SHORTEST_SCRUBBED: usize = 8;

fn warnings(
    config: &config::Connection,
    plugin: &Plugin,
    (slots, lacks): (&Slots, &[String]),
    rule: &Rule,
) -> Vec<Problem> {
    let declared = &plugin.manifest.secrets;
    let short = config.secrets.iter().filter(|(name, secret)| {
        secret.expose().len() < SHORTEST_SCRUBBED && declared.get(*name).is_some_and(|d| d.scrub)
    });
    let short = short.map(|(name, _)| {
        let message = format!("is shorter than {SHORTEST_SCRUBBED} characters and so is not removed from what the plugin sees; use a longer one");
        config.problem(&format!("secrets.{name}"), message).into_warning()
    });
    let keyless = (!lacks.is_empty()).then(|| {
        let message = format!(
            "{} not set; every request needs it, so calls will say so",
            slots::secrets(lacks)
        );
        config.problem("secrets", message)
    });
    short
        .chain(keyless)
        .chain(slots.warnings(config))
        .chain(idle_patterns(config, plugin, rule))
        .collect()
}

/// Patterns of `tools` that fit no tool of the plugin: misspelt, or with the prefix before them.
fn idle_patterns(config: &config::Connection, plugin: &Plugin, rule: &Rule) -> Vec<Problem> {
    let names: Vec<String> = plugin.tools.iter().map(|t| t.name.to_string()).collect();
    let warning = |pattern: String| {
        let name = pattern.trim_start_matches('!');
        let bare = name.strip_prefix(&format!("{}_", config.prefix));
        let near = match (
            bare.filter(|bare| names.iter().any(|n| n == bare)),
            nearest(name, &names),
        ) {
            (Some(bare), _) => format!("write `{bare}`, without the prefix"),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("it has {}", names.join(", ")),
        };
        let message = format!(
            "`{pattern}` fits no tool of the plugin `{}`; {near}",
            plugin.id
        );
        config.problem("tools", message).into_warning()
    };
    rule.tools.idle(&names).into_iter().map(warning).collect()
}
