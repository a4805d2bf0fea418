//! Running a table: setting up, sending, checking, tidying up.

use serde_json::{Map, Value, json};

use super::check::{Places, check};
use super::dialect::Dialect;
use super::encode;
use super::saved::Saved;
use super::table::{Case, Group, Step};
use super::target::{Answer, Ask, Outcome, Target, Verdict};

/// Runs one group and deletes what it made.
pub async fn run<D: Dialect, T: Target>(
    dialect: &D,
    target: &T,
    group: &Group,
    word: &str,
) -> Vec<Outcome> {
    let mut saved = Saved::default();
    for (name, value) in target.values() {
        saved.set(&name, value);
    }
    saved.set("run", word);
    let mut runner = Runner {
        dialect,
        target,
        group,
        saved,
        made: Vec::new(),
    };
    let ready = runner.prepare().await;
    let mut outcomes = Vec::new();
    for case in &group.cases {
        let verdict = match &ready {
            Ok(()) => runner.case(case).await,
            Err(verdict) => verdict.clone(),
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

struct Runner<'a, D, T> {
    dialect: &'a D,
    target: &'a T,
    group: &'a Group,
    saved: Saved,
    /// Requests that delete what was made, in order of making.
    made: Vec<Ask>,
}

impl<D: Dialect, T: Target> Runner<'_, D, T> {
    /// Learns what the CRM's cases refer to and sets the group up; or how all its cases end.
    async fn prepare(&mut self) -> Result<(), Verdict> {
        let failed = |reason| Verdict::Failed(format!("setup: {reason}"));
        self.dialect
            .learn(self.target, &mut self.saved)
            .await
            .map_err(failed)?;
        if let Some(reason) = self.group.unmet(&self.saved) {
            return Err(Verdict::Skipped(reason));
        }
        for step in &self.group.setup {
            self.step(step).await.map_err(failed)?;
        }
        Ok(())
    }

    async fn case(&mut self, case: &Case) -> Verdict {
        if let Some(reason) = case.demo_only.as_ref().filter(|_| !self.target.is_demo()) {
            return Verdict::Skipped(reason.clone());
        }
        if let Some(reason) = case.unmet(&self.saved) {
            return Verdict::Skipped(reason);
        }
        if let Some(step) = case.steps.iter().find(|step| {
            self.target
                .credentials(&step.who, &Ask::default(), &self.saved)
                .is_none()
        }) {
            return Verdict::Skipped(format!("nobody here is {}", step.who));
        }
        for (n, step) in case.steps.iter().enumerate() {
            if let Err(reason) = self.step(step).await {
                return Verdict::Failed(format!("step {}, {}: {reason}", n + 1, self.line(step)));
            }
        }
        Verdict::Passed
    }

    async fn step(&mut self, step: &Step) -> Result<(), String> {
        let ask = self.ask(step)?;
        let mut answer = Answer::default();
        for _ in 0..step.times {
            answer = self.target.send(ask.clone()).await?;
            self.made
                .extend(self.dialect.undo(&ask, &answer, &self.saved));
        }
        let common = &self.group.common;
        let places = Places {
            rows: common.rows.as_deref().unwrap_or(self.dialect.rows()),
            name: common
                .row_name
                .as_deref()
                .unwrap_or(self.dialect.row_name()),
        };
        check(&self.filled_step(step), &answer, places)?;
        let body = answer.json().unwrap_or(Value::Null);
        for (name, pointer) in &step.save {
            let pointer = self.saved.fill(pointer.as_str().unwrap_or_default());
            let value = body
                .pointer(&pointer)
                .and_then(as_text)
                .ok_or_else(|| format!("nothing at {pointer}"))?;
            self.saved.set(name, value);
        }
        Ok(())
    }

    /// Verb and path of a step.
    fn line(&self, step: &Step) -> String {
        let own = &step.send;
        let line = if own.is_empty() {
            &self.group.common.send
        } else {
            own
        };
        self.saved.fill(line)
    }

    fn ask(&self, step: &Step) -> Result<Ask, String> {
        let line = self.line(step);
        let (method, path) = line.split_once(' ').unwrap_or((&line, ""));
        let (body, usual_kind) = self.body(step);
        let mut ask = Ask {
            method: method.into(),
            path: path.into(),
            query: self.query(step),
            body,
            ..Ask::default()
        };
        let common = &self.group.common;
        let kind = step.kind.as_deref().or(common.kind.as_deref());
        let kind = kind.unwrap_or(usual_kind);
        if !ask.body.is_empty() && kind != "none" {
            ask.headers.push(("content-type".into(), kind.into()));
        }
        for (name, value) in &merged(&common.headers, &step.headers) {
            if let Some(text) = value.as_str() {
                ask.headers.push((name.clone(), self.saved.fill(text)));
            }
        }
        let credentials = self
            .target
            .credentials(&step.who, &ask, &self.saved)
            .ok_or_else(|| format!("nobody is {}", step.who))?;
        ask.headers.extend(credentials);
        Ok(ask)
    }

    /// The body and the content type it has by itself.
    fn body(&self, step: &Step) -> (Vec<u8>, &'static str) {
        let json = "application/json";
        if let Some(raw) = &step.raw {
            return (self.saved.fill(raw).into_bytes(), json);
        }
        if let Some(own) = &step.form {
            let fields = self.saved.filled_map(&merged(&self.group.common.form, own));
            return (
                encode::form(&fields).into_bytes(),
                "application/x-www-form-urlencoded",
            );
        }
        let body = step.body.as_ref().map(|body| self.saved.filled(body));
        (
            body.map(|body| body.to_string().into_bytes())
                .unwrap_or_default(),
            json,
        )
    }

    fn query(&self, step: &Step) -> String {
        if let Some(raw) = &step.raw_query {
            return self.saved.fill(raw);
        }
        let mut query = step.query.clone();
        if let Some(filter) = &step.filter {
            let own = json!({"type": "startsWith", "attribute": "name", "value": "{{run}}"});
            let items: Vec<Value> = std::iter::once(own).chain(filter.iter().cloned()).collect();
            query.insert("where".into(), Value::Array(items));
        }
        // Names of parameters stand as they are; only values refer to what was saved.
        for value in query.values_mut() {
            *value = self.saved.filled(value);
        }
        encode::query(&query)
    }

    async fn tidy(&mut self) {
        for mut ask in std::mem::take(&mut self.made).into_iter().rev() {
            if ask.headers.is_empty() {
                ask.headers = self
                    .target
                    .credentials("full", &ask, &self.saved)
                    .unwrap_or_default();
            }
            // Many are gone already; what is left over shows by the run's word in its name.
            let _ = self.target.send(ask).await;
        }
    }

    fn filled_step(&self, step: &Step) -> Step {
        let saved = &self.saved;
        let texts = |names: &Vec<String>| names.iter().map(|name| saved.fill(name)).collect();
        Step {
            has: step.has.as_ref().map(|value| saved.filled(value)),
            reason: step.reason.as_ref().map(|value| saved.filled(value)),
            text: step.text.as_ref().map(|text| saved.fill(text)),
            names: step.names.as_ref().map(texts),
            ..step.clone()
        }
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The group's values, each replaced by the step's own where it has one.
fn merged(common: &Map<String, Value>, own: &Map<String, Value>) -> Map<String, Value> {
    let mut all = common.clone();
    for (name, value) in own {
        all.insert(name.clone(), value.clone());
    }
    all
}
