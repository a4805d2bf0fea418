//! What a request wants to see: columns, related rows, and for each of them filters, order and page.

use super::answer::Reply;
use super::condition::{Condition, Path, filter, group};

/// A relation as asked for.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) items: Vec<Item>,
    pub(crate) conditions: Vec<Condition>,
    pub(crate) order: Vec<Order>,
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

/// One part of what is shown.
#[derive(Debug)]
pub(crate) enum Item {
    All,
    Count,
    Column {
        name: String,
        path: Path,
        cast: Option<String>,
    },
    Related {
        name: String,
        relation: String,
        /// Whether rows without any are left out.
        inner: bool,
        node: Node,
    },
}

/// A column to order by.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) path: Path,
    pub(crate) descending: bool,
    pub(crate) nulls_first: bool,
}

/// Reads the pairs of a query string; those in `others` are somebody else's.
pub(crate) fn read(query: &[(String, String)], others: &[&str]) -> Result<Node, Reply> {
    let mut select = query
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    let select = select.find(|pair| pair.0 == "select" && !pair.1.is_empty());
    let mut root = Node {
        items: items(select.map_or("*", |(_, text)| text))?,
        ..Node::default()
    };
    let has_offset = query.iter().any(|(name, _)| name == "offset");
    for (name, text) in query {
        if name == "select" || others.contains(&name.as_str()) {
            continue;
        }
        let (path, last) = split(name);
        let node = place(&mut root, &path)?;
        match last {
            "order" => node.order = orders(text)?,
            // A limit that is no number is none, and leaves nothing where there is an offset too.
            "limit" => node.limit = text.parse().ok().or(has_offset.then_some(0)),
            "offset" => node.offset = text.parse().unwrap_or(0),
            "or" | "and" | "not.or" | "not.and" => node.conditions.push(group(last, text)?),
            column => node.conditions.push(filter(column, text)?),
        }
    }
    Ok(root)
}

/// `companies.name` is a filter on a related row, `not.or` a word of its own.
fn split(name: &str) -> (Vec<&str>, &str) {
    let plain = name.split("->").next().unwrap_or_default();
    let mut cut = plain.rfind('.').map_or(0, |at| at + 1);
    if let Some(before) = name.strip_suffix(".or").or(name.strip_suffix(".and"))
        && before.ends_with("not")
    {
        cut = before.len() - "not".len();
    }
    let path = name[..cut].split('.').filter(|part| !part.is_empty());
    (path.collect(), &name[cut..])
}

fn place<'n>(root: &'n mut Node, path: &[&str]) -> Result<&'n mut Node, Reply> {
    let mut node = root;
    for part in path {
        let found = node.items.iter_mut().find_map(|item| match item {
            Item::Related {
                name,
                relation,
                node,
                ..
            } if name == part || relation == part => Some(node),
            _ => None,
        });
        node = found.ok_or_else(|| {
            let message = format!("'{part}' is not an embedded resource in this request");
            let hint = format!("Verify that '{part}' is included in the 'select' query parameter.");
            Reply::refused("PGRST108", message).hint(hint)
        })?;
    }
    Ok(node)
}

/// Parts between commas outside of brackets.
fn parts(text: &str) -> Vec<&str> {
    let (mut depth, mut from, mut parts) = (0_i32, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn items(text: &str) -> Result<Vec<Item>, Reply> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let unread = || {
        let details = "unexpected input expecting field name (* or [a..z0..9_$])";
        Reply::unreadable("select parameter", text, 1, details)
    };
    parts(text)
        .into_iter()
        .map(|part| item(part.trim()).unwrap_or_else(|| Err(unread())))
        .collect()
}

fn item(part: &str) -> Option<Result<Item, Reply>> {
    if part == "*" {
        return Some(Ok(Item::All));
    }
    if part == "count" {
        return Some(Ok(Item::Count));
    }
    if let Some((head, inside)) = part.split_once('(') {
        let inside = inside.strip_suffix(')')?;
        if head.contains('.') && inside.is_empty() {
            let message = "Use of aggregate functions is not allowed";
            return Some(Err(Reply::refused("PGRST123", message)));
        }
        return Some(related(head, inside));
    }
    let (name, field) = renamed(part);
    let (field, cast) = match field.split_once("::") {
        Some((field, cast)) => (field, Some(cast.to_owned())),
        None => (field, None),
    };
    let is_name = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || c == '_' || c == '$')
    };
    let path = Path::read(field);
    if path.column.is_empty() || !is_name(&path.column) {
        return None;
    }
    let last = path.steps.last().map_or(&path.column, |(_, key)| key);
    let name = name.unwrap_or(last).to_owned();
    Some(Ok(Item::Column { name, path, cast }))
}

fn related(head: &str, inside: &str) -> Result<Item, Reply> {
    let (name, target) = renamed(head);
    let mut words = target.split('!');
    let relation = words.next().unwrap_or_default().to_owned();
    // A hint names the key; there is one between any two tables here, so that nothing hangs on it.
    let inner = words.any(|word| word == "inner");
    Ok(Item::Related {
        name: name.unwrap_or(&relation).to_owned(),
        relation,
        inner,
        node: Node {
            items: items(inside)?,
            ..Node::default()
        },
    })
}

/// `alias:rest`; the two colons of a cast make no alias.
fn renamed(text: &str) -> (Option<&str>, &str) {
    match text.find(':') {
        Some(at) if !text[at..].starts_with("::") => (Some(&text[..at]), &text[at + 1..]),
        _ => (None, text),
    }
}

fn orders(text: &str) -> Result<Vec<Order>, Reply> {
    parts(text)
        .into_iter()
        .map(|part| order(text, part))
        .collect()
}

fn order(whole: &str, part: &str) -> Result<Order, Reply> {
    let mut words = part.split('.');
    let path = Path::read(words.next().unwrap_or_default());
    let (mut descending, mut nulls_first) = (false, None);
    for word in words {
        match word {
            "asc" => descending = false,
            "desc" => descending = true,
            "nullsfirst" => nulls_first = Some(true),
            "nullslast" => nulls_first = Some(false),
            other => {
                let first = other.chars().next().map(String::from).unwrap_or_default();
                let details = format!(
                    "unexpected \"{first}\" expecting \"asc\", \"desc\", \"nullsfirst\" or \"nullslast\""
                );
                let column = whole.find(other).unwrap_or_default() + 1;
                return Err(Reply::unreadable("order", whole, column, &details));
            }
        }
    }
    Ok(Order {
        path,
        descending,
        nulls_first: nulls_first.unwrap_or(descending),
    })
}
