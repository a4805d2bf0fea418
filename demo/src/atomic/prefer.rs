//! The header `Prefer`: what a client would like, what of it is honoured, and how that is told.

use super::answer::Reply;

/// What a write answers with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Return {
    #[default]
    Unsaid,
    Minimal,
    HeadersOnly,
    Representation,
}

/// What a new row does where one of its key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    Merge,
    Ignore,
}

/// The preferences of a request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefer {
    pub(crate) back: Return,
    pub(crate) resolution: Option<Resolution>,
    /// Whether columns that a row lacks get their defaults.
    pub(crate) defaults: bool,
    /// `exact`, `planned` or `estimated`.
    pub(crate) count: Option<&'static str>,
    strict: bool,
}

const COUNTS: [&str; 3] = ["exact", "planned", "estimated"];

impl Prefer {
    /// Reads the header; under strict handling a preference that is not known is refused.
    pub(crate) fn read(header: &str) -> Result<Self, Reply> {
        let mut prefer = Self::default();
        let mut unknown = Vec::new();
        let words = header.split(',').map(str::trim);
        for word in words.filter(|word| !word.is_empty()) {
            if !prefer.take(word) {
                unknown.push(word);
            }
        }
        if prefer.strict && !unknown.is_empty() {
            let message = "Invalid preferences given with handling=strict";
            let details = format!("Invalid preferences: {}", unknown.join(", "));
            return Err(Reply::refused("PGRST122", message).details(details));
        }
        Ok(prefer)
    }

    fn take(&mut self, word: &str) -> bool {
        match word {
            "return=minimal" => self.back = Return::Minimal,
            "return=headers-only" => self.back = Return::HeadersOnly,
            "return=representation" => self.back = Return::Representation,
            "resolution=merge-duplicates" => self.resolution = Some(Resolution::Merge),
            "resolution=ignore-duplicates" => self.resolution = Some(Resolution::Ignore),
            "missing=default" => self.defaults = true,
            "missing=null" | "handling=lenient" | "tx=commit" | "tx=rollback" => {}
            "handling=strict" => self.strict = true,
            other => {
                let count = other.strip_prefix("count=");
                let known = COUNTS.into_iter().find(|known| count == Some(known));
                self.count = known.or(self.count);
                return known.is_some();
            }
        }
        true
    }

    /// The header `Preference-Applied`, for a request that uses resolutions and returns or not.
    pub(crate) fn applied(&self, writes: bool, inserts: bool) -> Option<String> {
        let mut words = Vec::new();
        if inserts {
            words.extend(self.resolution.map(|it| match it {
                Resolution::Merge => "resolution=merge-duplicates".to_owned(),
                Resolution::Ignore => "resolution=ignore-duplicates".to_owned(),
            }));
            words.extend(self.defaults.then(|| "missing=default".to_owned()));
        }
        let back = match self.back {
            _ if !writes => None,
            Return::Unsaid => None,
            Return::Minimal => Some("return=minimal"),
            Return::HeadersOnly => Some("return=headers-only"),
            Return::Representation => Some("return=representation"),
        };
        words.extend(back.map(str::to_owned));
        words.extend(self.count.map(|count| format!("count={count}")));
        words.extend(self.strict.then(|| "handling=strict".to_owned()));
        (!words.is_empty()).then(|| words.join(", "))
    }
}
