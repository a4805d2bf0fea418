//! Changes to an input, for the driver that sees no coverage.
//!
//! Owns a handful of mutations: of bytes, of words that a target's inputs are made of, of lines, and of
//! JSON as a tree. All of it comes from one seed, so that a run can be repeated.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// The longest input, in bytes: what a fuzzer finds, it finds in short ones.
const LONGEST: usize = 8 << 10;

/// A source of changed inputs.
pub struct Mutator {
    random: StdRng,
    words: &'static [&'static str],
}

impl Mutator {
    /// Begins with a seed and the words of a target.
    #[must_use]
    pub fn new(seed: u64, words: &'static [&'static str]) -> Self {
        Self {
            random: StdRng::seed_from_u64(seed),
            words,
        }
    }

    /// One of a pool, changed a few times.
    ///
    /// # Panics
    /// The pool is empty.
    pub fn next(&mut self, pool: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.one_of(pool).clone();
        for _ in 0..self.random.random_range(1..5) {
            match self.random.random_range(0..10) {
                0 | 1 => self.byte(&mut input),
                2 => self.cut(&mut input),
                3 => self.repeat(&mut input),
                4 | 5 => self.word(&mut input),
                6 => self.splice(&mut input, pool),
                7 => self.line(&mut input, pool),
                _ => self.tree(&mut input, pool),
            }
            input.truncate(LONGEST);
        }
        input
    }

    fn one_of<'l, T>(&mut self, list: &'l [T]) -> &'l T {
        &list[self.random.random_range(0..list.len())]
    }

    fn place(&mut self, input: &[u8]) -> usize {
        self.random.random_range(0..=input.len())
    }

    fn range(&mut self, input: &[u8]) -> (usize, usize) {
        let from = self.place(input);
        let most = (input.len() - from).min(32);
        (from, from + self.random.random_range(0..=most))
    }

    fn byte(&mut self, input: &mut Vec<u8>) {
        const TELLING: &[u8] = b"\0\n\r\t \"'\\/%&+=;:,.<>[]{}()*#-0719azAZ_|`~\x7f\x80\xc3\xff";
        let at = self.place(input);
        let byte = match self.random.random_range(0..3) {
            0 => self.random.random(),
            _ => *self.one_of(TELLING),
        };
        match input.get_mut(at) {
            Some(old) if self.random.random() => *old = byte,
            Some(old) if self.random.random() => *old ^= 1 << self.random.random_range(0..8),
            _ => input.insert(at, byte),
        }
    }

    fn cut(&mut self, input: &mut Vec<u8>) {
        let (from, to) = self.range(input);
        input.drain(from..to);
    }

    fn repeat(&mut self, input: &mut Vec<u8>) {
        let (from, to) = self.range(input);
        let times = if self.random.random_range(0..20) == 0 {
            200
        } else {
            1
        };
        let part = input[from..to].repeat(times);
        let at = self.place(input);
        input.splice(at..at, part);
    }

    fn word(&mut self, input: &mut Vec<u8>) {
        if let [_, ..] = self.words {
            let words = self.words;
            let word = self.one_of(words);
            let (from, to) = self.range(input);
            let to = if self.random.random() { to } else { from };
            input.splice(from..to, word.bytes());
        }
    }

    fn splice(&mut self, input: &mut Vec<u8>, pool: &[Vec<u8>]) {
        let other = self.one_of(pool);
        let (from, at) = (self.place(other), self.place(input));
        input.truncate(at);
        input.extend_from_slice(&other[from..]);
    }

    /// Puts a line of another input in place of one, or between two.
    fn line(&mut self, input: &mut Vec<u8>, pool: &[Vec<u8>]) {
        let other: Vec<&[u8]> = self.one_of(pool).split(|b| *b == b'\n').collect();
        let line = *self.one_of(&other);
        let mut lines: Vec<&[u8]> = input.split(|b| *b == b'\n').collect();
        let at = self.random.random_range(0..lines.len());
        match self.random.random() {
            true => lines[at] = line,
            false => lines.insert(at, line),
        }
        *input = lines.join(&b'\n');
    }

    /// Changes a place of the first JSON that is the input from some line on, or a line of it.
    fn tree(&mut self, input: &mut Vec<u8>, pool: &[Vec<u8>]) {
        let Some((from, to, mut value)) = find(input) else {
            return self.word(input);
        };
        let donor = find(self.one_of::<Vec<u8>>(pool)).map_or(Value::Null, |(_, _, value)| value);
        let at = self.random.random_range(0..size(&donor));
        let given = match self.random.random() {
            true => pick(&donor, &mut { at }).cloned().unwrap_or_default(),
            false => self.literal(),
        };
        let mut at = self.random.random_range(0..size(&value));
        self.change(&mut value, &mut at, given);
        input.splice(from..to, value.to_string().bytes());
    }

    fn literal(&mut self) -> Value {
        let huge = "9".repeat(40);
        match self.random.random_range(0..10) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(-1),
            3 => serde_json::from_str(&huge).unwrap_or_default(),
            4 => json!(0.1),
            5 => json!([]),
            6 => json!({}),
            7 => json!(""),
            8 => json!("a\u{0}\u{202e}\"'\\%_*"),
            _ => match self.words {
                [] => json!("a"),
                words => {
                    let word = *self.one_of(words);
                    serde_json::from_str(word).unwrap_or_else(|_| json!(word))
                }
            },
        }
    }

    /// Changes the node of a number, counted from the root in order.
    fn change(&mut self, value: &mut Value, at: &mut usize, given: Value) -> bool {
        if *at == 0 {
            match (self.random.random_range(0..4), &mut *value) {
                (0, Value::Object(members)) => drop(members.insert("x".to_owned(), given)),
                (1, Value::Object(members)) => {
                    let key = members
                        .keys()
                        .nth(self.random.random_range(0..members.len().max(1)))
                        .cloned();
                    key.and_then(|key| members.remove(&key));
                }
                (0, Value::Array(items)) => items.push(given),
                (1, Value::Array(items)) => drop(items.pop()),
                (_, old) => *old = given,
            }
            return true;
        }
        *at -= 1;
        match value {
            Value::Array(items) => items
                .iter_mut()
                .any(|item| self.change(item, at, given.clone())),
            Value::Object(members) => members
                .values_mut()
                .any(|item| self.change(item, at, given.clone())),
            _ => false,
        }
    }
}

/// JSON with structure in an input: from the beginning of some line to its end, or to that of the input.
fn find(input: &[u8]) -> Option<(usize, usize, Value)> {
    let starts = input
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1);
    for from in std::iter::once(0).chain(starts).take(4) {
        let line = input[from..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(input.len(), |at| from + at);
        for to in [input.len(), line] {
            if let Ok(value @ (Value::Array(_) | Value::Object(_))) =
                serde_json::from_slice(&input[from..to])
            {
                return Some((from, to, value));
            }
        }
    }
    None
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(members) => members.values().map(size).sum(),
        _ => 0,
    }
}

fn pick<'v>(value: &'v Value, at: &mut usize) -> Option<&'v Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(items) => items.iter().find_map(|item| pick(item, at)),
        Value::Object(members) => members.values().find_map(|item| pick(item, at)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_inputs_again() {
        let pool = vec![b"{\"a\":[1,2]}".to_vec(), b"x\n{\"b\":null}".to_vec()];
        let run = |seed| {
            let mut mutator = Mutator::new(seed, &["word"]);
            (0..200).map(|_| mutator.next(&pool)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        assert!(run(1).iter().any(|input| !pool.contains(input)));
        assert!(run(3).iter().all(|input| input.len() <= LONGEST));
    }

    #[test]
    fn json_is_found_where_it_stands() {
        for (input, found) in [
            ("[1]", Some((0, 3))),
            ("x\n[1]\ny", Some((2, 5))),
            ("x\n{\n}", Some((2, 5))),
            ("5", None),
            ("", None),
        ] {
            assert_eq!(
                find(input.as_bytes()).map(|(from, to, _)| (from, to)),
                found,
                "{input}"
            );
        }
    }
}
