//! The raw `query`: parsed, checked against what is allowed, and written anew.
//!
//! The CRM's own filter lets `sleep`, comments and functions through, so nothing of the caller's
//! text is sent: what leaves here is written from the syntax tree, with columns qualified and
//! literals quoted again. `writer` holds conditions and what they compare, `functions` what may
//! compute, `refusal` the words for all else.

mod functions;
mod refusal;
mod writer;

use portcullis_sdk::Failure;
use sqlparser::{
    dialect::MySqlDialect,
    parser::Parser,
    tokenizer::{Token, Tokenizer, Whitespace},
};

use crate::{columns, metadata::Module};
use refusal::refuse;
use writer::Writer;

/// The longest clause.
const MAX_LENGTH: usize = 2000;

/// A clause as it is sent, in parentheses; empty for an empty one.
pub(crate) fn compile(query: &str, module: &Module) -> Result<String, Failure> {
    if query.trim().is_empty() {
        return Ok(String::new());
    }
    if query.chars().count() > MAX_LENGTH {
        return Err(refuse(format!(
            "a query is at most {MAX_LENGTH} characters"
        )));
    }
    let tokens = Tokenizer::new(&MySqlDialect {}, query)
        .tokenize()
        .map_err(|error| refuse(format!("the query is no SQL: {error}")))?;
    check_tokens(query, &tokens)?;
    let mut parser = Parser::new(&MySqlDialect {}).with_tokens(tokens);
    let expression = parser
        .parse_expr()
        .map_err(|error| refuse(format!("the query is no SQL condition: {error}")))?;
    let rest = parser.peek_token_ref();
    if rest.token != Token::EOF {
        return Err(refuse(format!(
            "the query goes on after its condition, at `{}`",
            rest.token
        )));
    }
    Writer { module }
        .condition(&expression)
        .map(|clause| columns::parenthesised(&clause))
}

/// Comments never reach the syntax tree, so they are looked for before.
fn check_tokens(query: &str, tokens: &[Token]) -> Result<(), Failure> {
    let is_comment = |token: &Token| {
        matches!(
            token,
            Token::Whitespace(
                Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)
            )
        )
    };
    if tokens.iter().any(is_comment) || query.contains("/*!") {
        return Err(refuse("a query holds no comment (--, # or /* */)"));
    }
    if tokens.contains(&Token::StringConcat) {
        return Err(refuse(
            "`||` is not allowed in a query; write OR, or CONCAT",
        ));
    }
    if tokens.contains(&Token::SemiColon) {
        return Err(refuse("a query holds no semicolon"));
    }
    Ok(())
}
