//! From tokens to an expression, by precedence: OR, AND, NOT, comparison, value.

use super::Wrong;
use super::expression::{Addresses, Comparison, Expression};
use super::token::{Token, tokens};

/// Reads a where clause. An empty one is no condition.
pub(crate) fn parse(clause: &str) -> Result<Option<Expression>, Wrong> {
    let tokens = tokens(clause)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens, at: 0 };
    let whole = parser.or()?;
    if parser.at == parser.tokens.len() {
        Ok(Some(whole))
    } else {
        Err(Wrong)
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

type Parsed = Result<Expression, Wrong>;

impl Parser {
    fn or(&mut self) -> Parsed {
        let mut left = self.and()?;
        while self.keyword("or") || self.sign("||") {
            left = Expression::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Parsed {
        let mut left = self.not()?;
        while self.keyword("and") || self.sign("&&") {
            left = Expression::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn not(&mut self) -> Parsed {
        if self.keyword("not") || self.sign("!") {
            return Ok(Expression::Not(Box::new(self.not()?)));
        }
        let left = self.value()?;
        self.comparison(left)
    }

    fn comparison(&mut self, left: Expression) -> Parsed {
        if self.keyword("is") {
            let not = self.keyword("not");
            self.expect_keyword("null")?;
            return Ok(negated(not, Expression::IsNull(Box::new(left))));
        }
        let not = self.keyword("not");
        if self.keyword("like") {
            let pattern = self.value()?;
            return Ok(negated(
                not,
                Expression::Like(Box::new(left), Box::new(pattern)),
            ));
        }
        if self.keyword("between") {
            let low = self.value()?;
            self.expect_keyword("and")?;
            let high = self.value()?;
            let between = Expression::Between(Box::new(left), Box::new(low), Box::new(high));
            return Ok(negated(not, between));
        }
        if self.keyword("in") {
            return Ok(negated(not, self.list(left)?));
        }
        if not {
            return Err(Wrong);
        }
        let Some(comparison) = self.comparison_sign() else {
            return Ok(left);
        };
        let right = self.value()?;
        let compared = Expression::Compare(Box::new(left), comparison, Box::new(right));
        self.comparison(compared)
    }

    fn comparison_sign(&mut self) -> Option<Comparison> {
        const SIGNS: [(&str, Comparison); 8] = [
            ("<=>", Comparison::Equal),
            ("=", Comparison::Equal),
            ("<>", Comparison::NotEqual),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            ("<", Comparison::Less),
            (">=", Comparison::GreaterOrEqual),
            (">", Comparison::Greater),
        ];
        let (_, found) = SIGNS.into_iter().find(|(sign, _)| self.sign(sign))?;
        Some(found)
    }

    fn list(&mut self, left: Expression) -> Parsed {
        self.expect("(")?;
        if self.keyword("select") {
            let addresses = self.addresses()?;
            self.expect(")")?;
            return Ok(Expression::InAddresses(Box::new(left), Box::new(addresses)));
        }
        Ok(Expression::In(Box::new(left), self.values()?))
    }

    /// Values up to the closing parenthesis; at least one.
    fn values(&mut self) -> Result<Vec<Expression>, Wrong> {
        let mut values = vec![self.value()?];
        while self.sign(",") {
            values.push(self.value()?);
        }
        self.expect(")")?;
        Ok(values)
    }

    /// After `SELECT`, up to the closing parenthesis.
    fn addresses(&mut self) -> Result<Addresses, Wrong> {
        let column = self.value()?;
        self.expect_keyword("from")?;
        let mut tables = vec![self.table()?];
        let mut conditions = Vec::new();
        loop {
            let _ = self.keyword("inner") || self.keyword("left");
            if !self.keyword("join") {
                break;
            }
            tables.push(self.table()?);
            self.expect_keyword("on")?;
            conditions.push(self.or()?);
        }
        if self.keyword("where") {
            conditions.push(self.or()?);
        }
        Ok(Addresses {
            column,
            tables,
            conditions,
        })
    }

    fn table(&mut self) -> Result<(String, String), Wrong> {
        const NEXT: [&str; 5] = ["join", "inner", "left", "where", "on"];
        let table = self.word()?.to_ascii_lowercase();
        let named = self.keyword("as");
        let alias = match self.tokens.get(self.at) {
            Some(Token::Word(word))
                if named || !NEXT.contains(&word.to_ascii_lowercase().as_str()) =>
            {
                let alias = word.to_ascii_lowercase();
                self.at += 1;
                alias
            }
            _ => table.clone(),
        };
        Ok((alias, table))
    }

    fn value(&mut self) -> Parsed {
        if self.sign("(") {
            let inside = self.or()?;
            self.expect(")")?;
            return Ok(inside);
        }
        if self.sign("-") {
            return match self.value()? {
                Expression::Number(number) => Ok(Expression::Number(-number)),
                _ => Err(Wrong),
            };
        }
        let token = self.tokens.get(self.at).cloned().ok_or(Wrong)?;
        self.at += 1;
        match token {
            Token::Number(number) => Ok(Expression::Number(number)),
            Token::Text(text) => Ok(Expression::Text(text)),
            Token::Word(word) => self.named(&word),
            Token::Sign(_) => Err(Wrong),
        }
    }

    /// A column, a function or a constant that begins with a word.
    fn named(&mut self, word: &str) -> Parsed {
        if self.sign("(") {
            let name = word.to_ascii_lowercase();
            if self.sign(")") {
                return Ok(Expression::Call(name, Vec::new()));
            }
            return Ok(Expression::Call(name, self.values()?));
        }
        if self.sign(".") {
            let column = self.word()?;
            return Ok(Expression::Column(
                Some(word.to_ascii_lowercase()),
                column.to_ascii_lowercase(),
            ));
        }
        Ok(match word.to_ascii_lowercase().as_str() {
            "null" => Expression::Null,
            "true" => Expression::Number(1.0),
            "false" => Expression::Number(0.0),
            "and" | "or" | "not" | "like" | "in" | "between" | "is" | "select" => {
                return Err(Wrong);
            }
            column => Expression::Column(None, column.to_owned()),
        })
    }

    fn word(&mut self) -> Result<String, Wrong> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            _ => Err(Wrong),
        }
    }

    fn keyword(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Word(word)) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn expect_keyword(&mut self, wanted: &str) -> Result<(), Wrong> {
        self.keyword(wanted).then_some(()).ok_or(Wrong)
    }

    fn sign(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some(Token::Sign(sign)) if *sign == wanted);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, wanted: &str) -> Result<(), Wrong> {
        self.sign(wanted).then_some(()).ok_or(Wrong)
    }
}

fn negated(not: bool, expression: Expression) -> Expression {
    if not {
        Expression::Not(Box::new(expression))
    } else {
        expression
    }
}
