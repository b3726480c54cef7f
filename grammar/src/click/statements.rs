//! Chains: declarations and connections.

use super::lex::Token;
use super::parse::{Lost, Parser, Read};
use super::{Arrow, Chain, Class, Ports, Reference, Target};
use rdcl_base::{Code, Diagnostic};

/// The most ports that brackets may name.
const MOST_PORTS: usize = 4096;

impl Parser<'_, '_, '_> {
    pub(super) fn chain(&mut self) -> Read<Chain> {
        let mut chain = Chain { steps: vec![self.step()?], arrows: Vec::new() };
        loop {
            let arrow = match self.peek() {
                Some(Token::Arrow) => Arrow::One,
                Some(Token::Spread) => Arrow::Spread,
                _ => break,
            };
            let start = self.start();
            self.at += 1;
            let node = self.node_from(start);
            chain.arrows.push((arrow, node));
            let step = self.step()?;
            if step.is_empty() && matches!(self.peek(), Some(Token::Arrow | Token::Spread)) {
                return self.expected("an element");
            }
            chain.steps.push(step);
        }
        match self.peek() {
            None | Some(Token::Semicolon | Token::BraceEnd | Token::ParenEnd | Token::Bars) => Ok(chain),
            // A line that begins with a word is a statement of its own: the `;` is missing, which Click allows.
            Some(Token::Word(_) | Token::Brace) if !chain.is_nothing() => Ok(chain),
            Some(_) => self.expected("`->`, `::` or `;`"),
        }
    }

    /// The elements between two arrows.
    fn step(&mut self) -> Read<Vec<Reference>> {
        let mut found: Vec<Reference> = Vec::new();
        if matches!(self.peek(), None | Some(Token::Arrow | Token::Spread | Token::Semicolon)) {
            return Ok(found);
        }
        if matches!(self.peek(), Some(Token::BraceEnd | Token::ParenEnd | Token::Bars)) {
            return Ok(found);
        }
        loop {
            let reference = self.reference()?;
            if let Target::Declared { class, configuration, .. } = &reference.target {
                share(&mut found, class, configuration);
            }
            found.push(reference);
            if !self.eat(Token::Comma) {
                return Ok(found);
            }
        }
    }

    fn reference(&mut self) -> Read<Reference> {
        let start = self.start();
        let inputs = self.ports()?;
        let target = match self.peek() {
            Some(Token::Word(text)) if self.peek_second() == Some(Token::Colons) => {
                let name = self.name(text);
                self.at += 1;
                let class = self.class()?;
                Target::Declared { name, class, configuration: self.arguments()? }
            }
            Some(Token::Word(text)) => {
                let name = self.name(text);
                match self.peek() {
                    Some(Token::Configuration(_) | Token::OpenConfiguration(_)) => {
                        Target::Anonymous { class: Class::Named(name), configuration: self.arguments()? }
                    }
                    _ => Target::Name(name),
                }
            }
            Some(Token::Brace) => Target::Anonymous { class: self.class()?, configuration: self.arguments()? },
            Some(Token::Paren) => self.group()?,
            _ if inputs.is_some() => Target::Outside,
            _ => return self.expected("an element"),
        };
        let outputs = if target == Target::Outside { None } else { self.ports()? };
        Ok(Reference { inputs, target, outputs, node: self.node_from(start) })
    }

    fn group(&mut self) -> Read<Target> {
        let open = self.at;
        self.deeper()?;
        self.at += 1;
        let statements = self.statements();
        self.shallower();
        if self.eat(Token::ParenEnd) {
            return Ok(Target::Group(statements));
        }
        let at = self.span(open);
        self.ctx.error(Diagnostic::new(Code::E0101, at, "this `(` is never closed").with_help("add `)`"));
        Err(Lost)
    }

    /// `[0, 2-3]`, if that comes next.
    fn ports(&mut self) -> Read<Option<Ports>> {
        let start = self.start();
        if !self.eat(Token::Bracket) {
            return Ok(None);
        }
        let mut numbers = Vec::new();
        loop {
            let first = self.number()?;
            let last = if self.eat(Token::Dash) { self.number()? } else { first };
            numbers.extend((first..=last).take(MOST_PORTS));
            if !self.eat(Token::Comma) {
                break;
            }
        }
        if !self.eat(Token::BracketEnd) {
            return self.expected("`]`");
        }
        Ok(Some(Ports { numbers, node: self.node_from(start) }))
    }

    fn number(&mut self) -> Read<u32> {
        match self.peek() {
            Some(Token::Word(text)) => match text.parse() {
                Ok(number) if number < MOST_PORTS as u32 => {
                    self.at += 1;
                    Ok(number)
                }
                Ok(_) | Err(_) => self.expected("the number of a port"),
            },
            _ => self.expected("the number of a port"),
        }
    }
}

impl Chain {
    /// Whether nothing has been read.
    fn is_nothing(&self) -> bool {
        self.arrows.is_empty() && self.steps.iter().all(Vec::is_empty)
    }
}

/// In `a, b :: Queue` the class is that of all names before it.
fn share(before: &mut [Reference], class: &Class, configuration: &[super::Argument]) {
    for reference in before.iter_mut().rev() {
        let Target::Name(name) = &reference.target else { break };
        let (name, class, configuration) = (name.clone(), class.clone(), configuration.to_vec());
        reference.target = Target::Declared { name, class, configuration };
    }
}
