//! What a new key is for and how long: the words of the command line, checked against the configuration.

use std::collections::BTreeSet;

use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use portcullis_manifest::Effect;

use crate::config::{Config, Identity};
use crate::keys;
use crate::policy::EFFECTS;
use crate::schema::nearest;

/// What a key is for; what is left out is left to the configuration.
#[derive(Debug, Args)]
pub struct Terms {
    /// The connections that it is for, e.g. sales,support. Default: all, also later ones.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    connections: Option<Vec<String>>,
    /// The effects that its tools may have, of those that the configuration allows: read, write,
    /// destructive, outward. Default: all of those.
    #[arg(long, value_name = "EFFECTS", value_delimiter = ',', value_parser = effect)]
    allow: Option<Vec<Effect>>,
    /// The tools, by name without prefix, as `tools` of a connection has them, e.g. '*,!delete'. Default:
    /// all that the configuration lists.
    #[arg(long, value_name = "PATTERNS", value_delimiter = ',')]
    tools: Option<Vec<String>>,
    /// Calls per minute, e.g. 60; also per second, e.g. 5/s. Default: `server.limits` alone.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    rate: Option<u32>,
}

/// When a key ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    Never,
    After(SignedDuration),
    At(Timestamp),
}

impl Expiry {
    /// The moment, for a key that is issued now.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            // Beyond the calendar is never, too.
            Self::After(time) => now.checked_add(time).ok(),
            Self::At(end) => Some(end),
        }
    }
}

impl Terms {
    /// The terms as they are kept.
    ///
    /// # Errors
    /// A connection is not there, or takes no keys.
    pub fn checked(&self, config: &Config) -> Result<keys::Terms, String> {
        for name in self.connections.iter().flatten() {
            check_connection(name, config)?;
        }
        let set = |names: &Vec<String>| names.iter().cloned().collect::<BTreeSet<_>>();
        Ok(keys::Terms {
            connections: self.connections.as_ref().map(set),
            allow: self
                .allow
                .as_ref()
                .map(|list| list.iter().copied().collect()),
            tools: self.tools.clone(),
            calls_per_minute: self.rate,
        })
    }
}

/// A key for a connection that is misspelt would let its holder in to nothing.
fn check_connection(name: &str, config: &Config) -> Result<(), String> {
    let Some(connection) = config.connection(name) else {
        let known: Vec<String> = config
            .connections
            .iter()
            .map(|c| c.name.to_string())
            .collect();
        let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
        let way_out = match nearest(name, &known) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it has none yet".to_owned(),
            None => format!("it has {}", known.join(", ")),
        };
        let source = &config.source;
        return Err(format!(
            "--connections: {source} has no connection `{shown}`; {way_out}"
        ));
    };
    if connection.identity == Identity::Forward {
        return Err(format!(
            "--connections: `{name}` acts with its callers' own tokens (`identity = \"forward\"`), so nobody comes to it with a key"
        ));
    }
    Ok(())
}

/// `90d`, `2027-01-31`, `never`.
pub fn expiry(text: &str) -> Result<Expiry, String> {
    let wrong = || {
        "write a time such as `12h`, `90d` or `4w`, a day such as `2027-01-31`, or `never`"
            .to_owned()
    };
    if text == "never" {
        return Ok(Expiry::Never);
    }
    if let Ok(day) = text.parse::<Date>() {
        let next = day.tomorrow().map_err(|_| wrong())?;
        let end = next.to_zoned(TimeZone::UTC).map_err(|_| wrong())?;
        return Ok(Expiry::At(end.timestamp()));
    }
    let (number, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .ok_or_else(wrong)?;
    let hours = match unit {
        "h" => 1,
        "d" => 24,
        "w" => 7 * 24,
        _ => return Err(wrong()),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0);
    let number = number.ok_or_else(wrong)?;
    Ok(Expiry::After(SignedDuration::from_hours(
        i64::from(number) * hours,
    )))
}

/// `60`, `60/m`, `5/s`.
fn rate(text: &str) -> Result<u32, String> {
    let (number, times) = match text.split_once('/') {
        None => (text, 1),
        Some((number, "m")) => (number, 1),
        Some((number, "s")) => (number, 60),
        Some(_) => ("", 1),
    };
    let rate = number
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(times));
    rate.filter(|rate| (1..=1_000_000).contains(rate))
        .ok_or_else(|| {
            "write calls per minute, such as `60`, or per second, such as `5/s`".to_owned()
        })
}

fn effect(text: &str) -> Result<Effect, String> {
    let known: Vec<String> = EFFECTS
        .iter()
        .map(|effect| effect.as_str().to_owned())
        .collect();
    let found = EFFECTS.into_iter().find(|effect| effect.as_str() == text);
    found.ok_or_else(|| match nearest(text, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}", known.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let end =
            |text: &str| expiry(text).map(|expiry| expiry.end(now).map(|end| end.as_second()));
        for (text, expected) in [
            ("never", None),
            ("1h", Some(1_800_003_600)),
            ("90d", Some(1_807_776_000)),
            ("2w", Some(1_801_209_600)),
            ("2027-01-31", Some(1_801_440_000)),
            ("4000000000d", None),
        ] {
            assert_eq!(end(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "d",
            "0d",
            "-1d",
            "90",
            "90m",
            "1.5d",
            "soon",
            "2027-02-30",
            "é",
            "never ",
        ] {
            assert!(end(text).is_err(), "{text}");
        }
    }

    #[test]
    fn rates() {
        for (text, expected) in [
            ("60", Some(60)),
            ("60/m", Some(60)),
            ("5/s", Some(300)),
            ("0", None),
            ("5/h", None),
            ("many", None),
            ("4294967295/s", None),
        ] {
            assert_eq!(rate(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn effects_have_their_words() {
        assert_eq!(effect("outward"), Ok(Effect::Outward));
        assert_eq!(effect("wirte").unwrap_err(), "did you mean `write`?");
        assert!(
            effect("everything")
                .unwrap_err()
                .starts_with("known are read,")
        );
    }
}
