//! The parameters of compound classes: `$a, RATE $rate, __REST__ $rest |`.

use super::Formal;
use super::lex::Token;
use super::parse::Parser;

/// The parameters that come next, if there is a `|` behind them.
pub(super) fn formals(parser: &mut Parser<'_, '_, '_>) -> Vec<Formal> {
    let begin = parser.at;
    let mut found = Vec::new();
    loop {
        let keyword = match (parser.peek(), parser.peek_second()) {
            (Some(Token::Word(text)), Some(Token::Variable(_))) => {
                parser.at += 1;
                Some(text.to_owned())
            }
            _ => None,
        };
        let Some(Token::Variable(text)) = parser.peek() else { break };
        found.push(Formal { keyword, variable: parser.name(&plain(text)) });
        if !parser.eat(Token::Comma) {
            break;
        }
    }
    if parser.eat(Token::Bar) {
        return found;
    }
    // What begins like parameters is a chain.
    parser.at = begin;
    Vec::new()
}

/// `$a`, also for `${a}`.
fn plain(variable: &str) -> String {
    variable.replace(['{', '}'], "")
}
