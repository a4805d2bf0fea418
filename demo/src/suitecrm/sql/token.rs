//! A clause cut into tokens.

use super::Wrong;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    /// A name or keyword as written.
    Word(String),
    Number(f64),
    Text(String),
    /// An operator, a parenthesis, a comma or a dot.
    Sign(&'static str),
}

const SIGNS: [&str; 17] = [
    "<=>", "<>", "<=", ">=", "!=", "&&", "||", "=", "<", ">", "!", "(", ")", ",", ".", "+", "-",
];

/// The tokens; `/* */` is left out, and `#` takes the closing parenthesis that SuiteCRM appends.
pub(crate) fn tokens(clause: &str) -> Result<Vec<Token>, Wrong> {
    let mut found = Vec::new();
    let mut left = clause.trim_start();
    while let Some(first) = left.chars().next() {
        let (token, rest) = match first {
            '#' => return Err(Wrong),
            '\'' | '"' => text(left, first)?,
            '`' => backticked(left)?,
            '0'..='9' => number(left)?,
            _ if first.is_alphabetic() || first == '_' => word(left),
            _ if left.starts_with("/*") => {
                let end = left.find("*/").ok_or(Wrong)?;
                left = left[end + 2..].trim_start();
                continue;
            }
            _ => sign(left)?,
        };
        found.push(token);
        left = rest.trim_start();
    }
    Ok(found)
}

fn sign(left: &str) -> Result<(Token, &str), Wrong> {
    let sign = SIGNS
        .iter()
        .find(|sign| left.starts_with(**sign))
        .ok_or(Wrong)?;
    Ok((Token::Sign(sign), &left[sign.len()..]))
}

fn word(left: &str) -> (Token, &str) {
    let end = left
        .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .unwrap_or(left.len());
    (Token::Word(left[..end].to_owned()), &left[end..])
}

fn backticked(left: &str) -> Result<(Token, &str), Wrong> {
    let inside = &left[1..];
    let end = inside.find('`').ok_or(Wrong)?;
    Ok((Token::Word(inside[..end].to_owned()), &inside[end + 1..]))
}

fn number(left: &str) -> Result<(Token, &str), Wrong> {
    let end = left
        .find(|letter: char| !letter.is_ascii_digit() && letter != '.')
        .unwrap_or(left.len());
    let value = left[..end].parse().map_err(|_| Wrong)?;
    Ok((Token::Number(value), &left[end..]))
}

/// A text in quotes: doubled quotes and backslashes as MariaDB reads them.
fn text(left: &str, quote: char) -> Result<(Token, &str), Wrong> {
    let mut value = String::new();
    let mut letters = left.char_indices().skip(1).peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                let (_, escaped) = letters.next().ok_or(Wrong)?;
                escape(escaped, &mut value);
            }
            _ if letter == quote => {
                if letters.peek().is_some_and(|(_, next)| *next == quote) {
                    letters.next();
                    value.push(quote);
                } else {
                    return Ok((Token::Text(value), &left[at + 1..]));
                }
            }
            other => value.push(other),
        }
    }
    Err(Wrong)
}

fn escape(letter: char, value: &mut String) {
    match letter {
        'n' => value.push('\n'),
        't' => value.push('\t'),
        'r' => value.push('\r'),
        '0' => value.push('\0'),
        // Kept for LIKE, where they mean the letter itself.
        '%' | '_' => {
            value.push('\\');
            value.push(letter);
        }
        other => value.push(other),
    }
}
