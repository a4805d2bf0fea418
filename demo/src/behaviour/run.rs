//! Running the table: setting up, sending, checking, tidying up.

use std::collections::HashMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::check::check;
use super::table::{Case, Group, Step};
use super::target::{Answer, Ask, Outcome, Target, Verdict};

/// Runs one group and deletes what it made.
pub async fn run(target: &impl Target, group: &Group, word: &str) -> Vec<Outcome> {
    let mut runner = Runner {
        target,
        saved: HashMap::from([("run".to_owned(), word.to_owned())]),
        made: Vec::new(),
        pipelines: false,
    };
    let ready = runner.prepare(group).await;
    let mut outcomes = Vec::new();
    for case in &group.cases {
        let verdict = match &ready {
            Ok(()) => runner.case(case).await,
            Err(reason) => Verdict::Failed(format!("setup: {reason}")),
        };
        outcomes.push(Outcome {
            group: group.name.clone(),
            case: case.name.clone(),
            verdict,
        });
    }
    runner.tidy().await;
    outcomes
}

struct Runner<'a, T> {
    target: &'a T,
    saved: HashMap<String, String>,
    made: Vec<(String, String)>,
    pipelines: bool,
}

impl<T: Target> Runner<'_, T> {
    /// Finds out who is calling and who could own a record, then sets the group up.
    async fn prepare(&mut self, group: &Group) -> Result<(), String> {
        let me = self.get("App/user", "").await?;
        let id = me["user"]["id"]
            .as_str()
            .ok_or("App/user names no user")?
            .to_owned();
        self.pipelines = me["appParams"]["pipelines"].get("Opportunity").is_some();
        self.save("me", &id);
        self.save("long", &"n".repeat(300));
        self.save("text", &"x".repeat(10_050));
        self.save("cut", &"x".repeat(10_000));
        self.save(
            "from",
            me["user"]["emailAddress"].as_str().unwrap_or_default(),
        );
        let users = self.get("User", "maxSize=20&select=id,type").await?;
        let human = users["list"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|user| user["type"] == "regular");
        self.save(
            "owner",
            human.and_then(|user| user["id"].as_str()).unwrap_or(&id),
        );
        if let Some(first) = me["appParams"]["pipelines"]["Opportunity"].get(0) {
            self.save("pipeline", first["id"].as_str().unwrap_or_default());
            self.save(
                "stage",
                first["stages"][2]["id"].as_str().unwrap_or_default(),
            );
        }
        for step in &group.setup {
            self.step(step).await?;
        }
        Ok(())
    }

    fn save(&mut self, name: &str, value: &str) {
        self.saved.insert(name.to_owned(), value.to_owned());
    }

    async fn get(&self, path: &str, query: &str) -> Result<Value, String> {
        let mut ask = Ask {
            method: "GET".into(),
            path: path.into(),
            query: query.into(),
            ..Ask::default()
        };
        ask.headers = self
            .target
            .credentials("full", &ask)
            .ok_or("no full user")?;
        let answer = self.target.send(ask).await?;
        if answer.status != 200 {
            return Err(format!(
                "{path} answered {} ({})",
                answer.status,
                answer.header("x-status-reason").unwrap_or("no reason")
            ));
        }
        answer
            .json()
            .ok_or_else(|| format!("{path} answered no JSON"))
    }

    async fn case(&mut self, case: &Case) -> Verdict {
        if let Some(reason) = case.demo_only.as_ref().filter(|_| !self.target.is_demo()) {
            return Verdict::Skipped(reason.clone());
        }
        if case
            .pipelines
            .is_some_and(|wanted| wanted != self.pipelines)
        {
            return Verdict::Skipped(
                if self.pipelines {
                    "pipelines are on"
                } else {
                    "pipelines are off"
                }
                .into(),
            );
        }
        if case.needs_address && self.saved.get("from").is_none_or(String::is_empty) {
            return Verdict::Skipped("the user has no e-mail address".into());
        }
        if let Some(step) = case.steps.iter().find(|step| {
            self.target
                .credentials(&step.who, &Ask::default())
                .is_none()
        }) {
            return Verdict::Skipped(format!("nobody here is {}", step.who));
        }
        for (n, step) in case.steps.iter().enumerate() {
            if let Err(reason) = self.step(step).await {
                return Verdict::Failed(format!("step {}, {}: {reason}", n + 1, step.send));
            }
        }
        Verdict::Passed
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        let ask = self.ask(step)?;
        let mut answer = Answer::default();
        for _ in 0..step.times {
            answer = self.target.send(ask.clone()).await?;
            self.remember(&ask, &answer);
        }
        check(&self.filled_step(step), &answer)?;
        let body = answer.json().unwrap_or(Value::Null);
        for (name, pointer) in &step.save {
            let pointer = self.fill(pointer.as_str().unwrap_or_default());
            let value = body
                .pointer(&pointer)
                .and_then(Value::as_str)
                .ok_or_else(|| format!("nothing at {pointer}"))?;
            self.save(name, value);
        }
        Ok(())
    }

    fn ask(&self, step: &Step) -> Result<Ask, String> {
        let line = self.fill(&step.send);
        let (method, path) = line.split_once(' ').unwrap_or((&line, ""));
        let mut ask = Ask {
            method: method.into(),
            path: path.into(),
            query: self.query(step),
            ..Ask::default()
        };
        ask.body = match (&step.raw, &step.body) {
            (Some(raw), _) => self.fill(raw).into_bytes(),
            (None, Some(body)) => self.filled(body).to_string().into_bytes(),
            (None, None) => Vec::new(),
        };
        let kind = step.kind.as_deref().unwrap_or("application/json");
        if !ask.body.is_empty() && kind != "none" {
            ask.headers.push(("content-type".into(), kind.into()));
        }
        for (name, value) in &step.headers {
            ask.headers
                .push((name.clone(), self.fill(value.as_str().unwrap_or_default())));
        }
        let credentials = self
            .target
            .credentials(&step.who, &ask)
            .ok_or_else(|| format!("nobody is {}", step.who))?;
        ask.headers.extend(credentials);
        Ok(ask)
    }

    fn query(&self, step: &Step) -> String {
        if let Some(raw) = &step.raw_query {
            return self.fill(raw);
        }
        let mut query = step.query.clone();
        if let Some(filter) = &step.filter {
            let own = json!({"type": "startsWith", "attribute": "name", "value": "{{run}}"});
            let items: Vec<Value> = std::iter::once(own).chain(filter.iter().cloned()).collect();
            query.insert("where".into(), Value::Array(items));
        }
        let mut pairs = Vec::new();
        for (name, value) in &query {
            brackets(name, &self.filled(value), &mut pairs);
        }
        pairs.join("&")
    }

    /// What a create made must go in the end.
    fn remember(&mut self, ask: &Ask, answer: &Answer) {
        let created = ask.method == "POST" && !ask.path.contains('/') && answer.status == 200;
        if let Some(id) = answer
            .json()
            .filter(|_| created)
            .and_then(|body| body["id"].as_str().map(str::to_owned))
        {
            self.made.push((ask.path.clone(), id));
        }
    }

    async fn tidy(&mut self) {
        for (entity, id) in std::mem::take(&mut self.made).into_iter().rev() {
            let mut ask = Ask {
                method: "DELETE".into(),
                path: format!("{entity}/{id}"),
                ..Ask::default()
            };
            ask.headers = self.target.credentials("full", &ask).unwrap_or_default();
            // Many are gone already; what is left over shows by the run's word in its name.
            let _ = self.target.send(ask).await;
        }
    }

    fn filled_step(&self, step: &Step) -> Step {
        let texts = |names: &Vec<String>| names.iter().map(|name| self.fill(name)).collect();
        Step {
            has: step.has.as_ref().map(|value| self.filled(value)),
            reason: step.reason.as_ref().map(|value| self.filled(value)),
            names: step.names.as_ref().map(texts),
            ..step.clone()
        }
    }

    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(key, value)| (self.fill(key), self.filled(value)))
                    .collect::<Map<String, Value>>(),
            ),
            other => other.clone(),
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.saved {
            filled = filled.replace(&format!("{{{{{name}}}}}"), value);
        }
        filled
    }
}

/// `where[0][type]=…` for nested values.
fn brackets(name: &str, value: &Value, pairs: &mut Vec<String>) {
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(n, item)| brackets(&format!("{name}[{n}]"), item, pairs)),
        Value::Object(map) => map
            .iter()
            .for_each(|(key, item)| brackets(&format!("{name}[{key}]"), item, pairs)),
        Value::String(text) => pairs.push(format!("{}={}", encode(name), encode(text))),
        Value::Null => pairs.push(format!("{}=", encode(name))),
        other => pairs.push(format!("{}={other}", encode(name))),
    }
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
