//! Settings that name a time zone: those whose schema says `"format": "time-zone"`. A plugin has no list
//! of time zones, so the host looks the name up. Must not know any setting.

use jiff::tz::TimeZone;
use serde_json::{Map, Value};

/// What is wrong with one, and the way out.
pub const ADVICE: &str =
    "is no time zone of the IANA database; write e.g. `Europe/Berlin` or `UTC`";

const FORMAT: &str = "time-zone";

/// The settings that should name a time zone and do not.
pub fn unknown<'p>(
    properties: Option<&'p Map<String, Value>>,
    settings: &Map<String, Value>,
) -> Vec<&'p str> {
    let zones = properties.into_iter().flatten();
    let zones = zones.filter(|(_, property)| property["format"] == FORMAT);
    let is_unknown = |key: &String| {
        let name = settings.get(key).and_then(Value::as_str);
        name.is_some_and(|name| TimeZone::get(name).is_err())
    };
    zones
        .filter(|(key, _)| is_unknown(key))
        .map(|(key, _)| key.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_setting_that_names_a_time_zone_has_to_name_one() {
        let properties = json!({"zone": {"type": ["string", "null"], "format": "time-zone"}, "name": {"type": "string"}});
        let of = |zone: Value| {
            let settings = json!({"zone": zone, "name": "Mars/X"});
            let known = unknown(properties.as_object(), settings.as_object().unwrap());
            known.first().copied()
        };
        for zone in [json!("Europe/Berlin"), json!("UTC"), json!(null)] {
            assert_eq!(of(zone.clone()), None, "{zone}");
        }
        for zone in ["Mars/X", "Berlin", "", "+02:00", "../etc/passwd"] {
            assert_eq!(of(json!(zone)), Some("zone"), "{zone}");
        }
        assert!(unknown(None, &Map::new()).is_empty());
    }
}
