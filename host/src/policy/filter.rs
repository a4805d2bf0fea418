//! The operator's choice of tools: `tools = ["*", "!mass_*"]`.
//!
//! Owns the grammar of that list and its match against a tool's name. It must not know effects.

/// A list of name patterns. A name is in if the last pattern that fits it has no `!`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ToolFilter {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Rule {
    allows: bool,
    glob: String,
}

/// Why a list is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Something else than a name with asterisks.
    #[error(
        "`{0}` is no pattern; tool names are lower-case letters, digits and underscores, `*` stands for any of them, and `!` in front excludes"
    )]
    Pattern(String),
    /// It begins by taking away from nothing.
    #[error("the list begins with `{0}` and so allows nothing; put \"*\" in front of it")]
    NothingToExclude(String),
}

impl Default for ToolFilter {
    /// All tools.
    fn default() -> Self {
        Self {
            rules: vec![Rule {
                allows: true,
                glob: "*".to_owned(),
            }],
        }
    }
}

impl ToolFilter {
    /// Reads the list; an empty one lets nothing through.
    ///
    /// # Errors
    /// A pattern that no name can fit, or an exclusion in front.
    pub fn parse<S: AsRef<str>>(patterns: &[S]) -> Result<Self, FilterError> {
        let rules = patterns.iter().map(|text| Rule::parse(text.as_ref()));
        let rules: Vec<_> = rules.collect::<Result<_, _>>()?;
        match rules.first() {
            Some(rule) if !rule.allows => {
                Err(FilterError::NothingToExclude(format!("!{}", rule.glob)))
            }
            _ => Ok(Self { rules }),
        }
    }

    /// Whether a tool is in.
    #[must_use]
    pub fn matches(&self, tool: &str) -> bool {
        let fits = |rule: &&Rule| is_match(rule.glob.as_bytes(), tool.as_bytes());
        let last = self.rules.iter().rev().find(fits);
        last.is_some_and(|rule| rule.allows)
    }

    /// The patterns, as they are written in the file, that fit none of these tools.
    #[must_use]
    pub fn idle(&self, tools: &[String]) -> Vec<String> {
        let fits = |rule: &&Rule| {
            let glob = rule.glob.as_bytes();
            tools.iter().any(|tool| is_match(glob, tool.as_bytes()))
        };
        let idle = self.rules.iter().filter(|rule| !fits(rule));
        idle.map(Rule::written).collect()
    }

    /// The list as it is written in the file, with one more pattern at its end.
    #[must_use]
    pub(super) fn written_with(&self, tool: &str) -> String {
        let own = self.rules.iter().map(|r| format!("\"{}\"", r.written()));
        let all: Vec<_> = own.chain([format!("\"{tool}\"")]).collect();
        format!("tools = [{}]", all.join(", "))
    }
}

impl Rule {
    fn written(&self) -> String {
        let sign = if self.allows { "" } else { "!" };
        format!("{sign}{}", self.glob)
    }

    fn parse(text: &str) -> Result<Self, FilterError> {
        let (allows, glob) = match text.strip_prefix('!') {
            Some(rest) => (false, rest),
            None => (true, text),
        };
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'*');
        if glob.is_empty() || !glob.bytes().all(fits) {
            return Err(FilterError::Pattern(text.chars().take(80).collect()));
        }
        Ok(Self {
            allows,
            glob: glob.to_owned(),
        })
    }
}

/// `*` stands for any run of characters, also none. Names and patterns are short; where the rest
/// does not fit, the last asterisk takes one character more.
fn is_match(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if glob.get(g) == Some(&b'*') {
            retry = Some((g + 1, n));
            g += 1;
        } else if glob.get(g) == Some(&name[n]) {
            g += 1;
            n += 1;
        } else if let Some((after, taken)) = retry {
            retry = Some((after, taken + 1));
            (g, n) = (after, taken + 1);
        } else {
            return false;
        }
    }
    glob[g..].iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn last_fitting_pattern_wins() {
        for (list, tool, is_in) in [
            (&["*"][..], "mass_update", true),
            (&["*", "!mass_*"], "mass_update", false),
            (&["*", "!mass_*"], "update", true),
            (&["*", "!mass_*", "mass_tag"], "mass_tag", true),
            (&["*", "!mass_*", "mass_tag"], "mass_update", false),
            (&["get", "search*"], "get", true),
            (&["get", "search*"], "get_all", false),
            (&["get", "search*"], "search", true),
            (&["*_lead*"], "convert_leads", true),
            (&["*_lead*"], "leads", false),
            (&["a*b*c"], "aXbXbXc", true),
            (&["a*b*c"], "aXbXbX", false),
            (&[], "get", false),
        ] {
            let filter = ToolFilter::parse(list).unwrap();
            assert_eq!(filter.matches(tool), is_in, "{list:?} {tool}");
        }
        assert!(ToolFilter::default().matches("anything"));
    }

    #[test]
    fn patterns_that_fit_nothing_are_known() {
        let tools = ["get", "search", "mass_tag"].map(str::to_owned);
        let filter = ToolFilter::parse(&["*", "!mass_*", "gte", "!delete", "sea*"]).unwrap();
        assert_eq!(filter.idle(&tools), ["gte", "!delete"]);
        assert!(ToolFilter::default().idle(&tools).is_empty());
    }

    #[test]
    fn bad_lists() {
        for text in ["", "!", "Get", "get record", "get?", "!!a", "a-b"] {
            let error = ToolFilter::parse(&["*", text]).unwrap_err();
            assert_eq!(error, FilterError::Pattern(text.to_owned()));
        }
        assert_eq!(
            ToolFilter::parse(&["!mass_*"]).unwrap_err().to_string(),
            "the list begins with `!mass_*` and so allows nothing; put \"*\" in front of it"
        );
    }

    proptest! {
        #[test]
        fn the_line_that_is_offered_works(
            list in prop::collection::vec("!?[a-c*]{1,4}", 0..5),
            tool in "[a-c]{1,4}",
        ) {
            if let Ok(filter) = ToolFilter::parse(&list) {
                let line = filter.written_with(&tool);
                let offered: Vec<_> = line.split('"').skip(1).step_by(2).collect();
                prop_assert!(ToolFilter::parse(&offered).unwrap().matches(&tool));
            }
        }
    }
}
