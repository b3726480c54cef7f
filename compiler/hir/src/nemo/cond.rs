//! Conditions of operations and notifications: what they mean, and those that hold always or never.

use crate::cx::{Cx, did_you_mean};
use crate::nemo::clock::{Moment, looks_like_moment, moment};
use crate::nemo::kind::{Kind, amount, shown};
use crate::nemo::window::{Axis, Compare, When, number};
use crate::source::loc::Problem;
use rdcl_base::{Code, Diagnostic, IntervalSet, NodeId};
use rdcl_syntax::nemo::{self, Cond, Date, Ref, Time, Value};

/// The names that a condition may compare, with their types where these are known.
pub(crate) struct Names<'a> {
    pub known: Vec<(&'a str, Option<Kind>)>,
    /// Whether there may be others, of which nothing is said; of `c1.load` that is always so.
    pub open: bool,
}

impl Names<'_> {
    fn kind(&self, name: &str) -> Option<Option<Kind>> {
        self.known.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }
}

/// What a condition means; complains of what is wrong in it.
pub(crate) fn meaning(cx: &mut Cx<'_>, condition: &Cond, names: &Names<'_>) -> Option<When> {
    let mut reader = Reader { cx, names, left: None };
    let meant = reader.read(condition);
    if let Some(meant) = &meant {
        let mut found = Vec::new();
        lint(condition, meant, &mut found);
        found.into_iter().for_each(|(condition, always)| cx.report(constant(cx, condition, always)));
    }
    meant
}

struct Reader<'r, 'db, 'a> {
    cx: &'r mut Cx<'db>,
    names: &'r Names<'r>,
    /// The left side that a comparison without one repeats.
    left: Option<&'a Value>,
}

/// A value that a name is compared with.
enum Literal {
    Moment(Moment),
    Amount(i64),
    Word(String),
}

impl<'a> Reader<'_, '_, 'a> {
    fn read(&mut self, condition: &'a Cond) -> Option<When> {
        match condition {
            Cond::Any(all, _) => self.read_all(all).map(When::Any),
            Cond::All(all, _) => self.read_all(all).map(When::All),
            Cond::Not(inner, _) => Some(When::Not(Box::new(self.read(inner)?))),
            Cond::Compare(left, how, right, node) => {
                let left = self.side(left.as_deref())?;
                let Cond::Value(right) = &**right else { return Some(fact(*node)) };
                self.compare(left, comparison(*how), right, *node)
            }
            Cond::Between(left, right, node) => {
                let left = self.side(left.as_deref())?;
                match &**right {
                    Cond::Value(Value::Range(lo, hi, at)) => self.between(left, (lo, hi, *at), false),
                    _ => Some(fact(*node)),
                }
            }
            Cond::Value(Value::Bool(true, _)) => Some(When::All(Vec::new())),
            Cond::Value(Value::Bool(false, _)) => Some(When::Any(Vec::new())),
            Cond::Value(Value::Ref(name)) => {
                self.expect_known(name);
                Some(When::Is(Axis::Fact(name.text()), IntervalSet::single(1)))
            }
            Cond::Value(value) => Some(fact(value.node())),
            Cond::Bad(_) => None,
        }
    }

    /// All of them are read, even if one has no meaning.
    fn read_all(&mut self, all: &'a [Cond]) -> Option<Vec<When>> {
        let all: Vec<Option<When>> = all.iter().map(|condition| self.read(condition)).collect();
        all.into_iter().collect()
    }

    fn side(&mut self, left: Option<&'a Cond>) -> Option<&'a Value> {
        match left {
            Some(Cond::Value(value)) => self.left = Some(value),
            Some(_) => return None,
            None => {}
        }
        self.left
    }

    fn compare(&mut self, left: &'a Value, how: Compare, right: &'a Value, node: NodeId) -> Option<When> {
        match (left, right) {
            (Value::Ref(a), Value::Ref(b)) if self.is_name(a) && self.is_name(b) => {
                Some(When::Is(Axis::Fact(format!("{} {how:?} {}", a.text(), b.text())), IntervalSet::single(1)))
            }
            (Value::Ref(name), Value::Range(lo, hi, at)) if how == Compare::Eq => {
                self.expect_known(name);
                self.between(left, (lo, hi, *at), true)
            }
            (Value::Ref(name), value) if !self.is_turned(name, value) => self.against(name, how, value),
            (value, Value::Ref(name)) => self.against(name, how.turned(), value),
            _ => Some(fact(node)),
        }
    }

    /// Whether the name stands to the right: `"lab" == location`.
    fn is_turned(&self, left: &Ref, right: &Value) -> bool {
        matches!(right, Value::Ref(name) if self.is_name(name) && !self.is_name(left))
    }

    fn is_name(&self, name: &Ref) -> bool {
        self.names.kind(&name.text()).is_some()
    }

    fn against(&mut self, name: &Ref, how: Compare, value: &Value) -> Option<When> {
        self.expect_known(name);
        let literal = self.literal(name, value)?;
        let text = name.text();
        Some(match literal {
            Literal::Moment(moment) => When::time(how, moment),
            Literal::Amount(amount) => {
                let amount = number(amount);
                When::compared(Axis::Number(text), how, amount, amount)
            }
            Literal::Word(word) if matches!(how, Compare::Eq | Compare::Ne) => {
                let word = hash(&word);
                When::compared(Axis::Word(text), how, word, word)
            }
            Literal::Word(word) => When::Is(Axis::Fact(format!("{text} {how:?} {word}")), IntervalSet::single(1)),
        })
    }

    fn between(&mut self, left: &'a Value, (lo, hi, at): (&Value, &Value, NodeId), whole: bool) -> Option<When> {
        let Value::Ref(name) = left else { return Some(fact(at)) };
        self.expect_known(name);
        let (from, to) = (self.literal(name, lo)?, self.literal(name, hi)?);
        let end = if whole { Compare::Le } else { Compare::Lt };
        match (from, to) {
            (Literal::Moment(from), Literal::Moment(to)) => {
                let when = When::between(from, to, whole);
                if when.is_none() {
                    self.cx.report(empty(self.cx, at, lo, hi));
                }
                when
            }
            (Literal::Amount(from), Literal::Amount(to)) if from > to => {
                self.cx.report(empty(self.cx, at, lo, hi));
                None
            }
            (Literal::Amount(from), Literal::Amount(to)) => {
                let side = |how, amount| When::compared(Axis::Number(name.text()), how, number(amount), number(amount));
                Some(When::All(vec![side(Compare::Ge, from), side(end, to)]))
            }
            _ => Some(fact(at)),
        }
    }

    /// What a value is where it is compared with a name; complains where it is nothing that the name can be.
    fn literal(&mut self, name: &Ref, value: &Value) -> Option<Literal> {
        let kind = self.names.kind(&name.text()).flatten();
        let found = match value {
            Value::Time(time, _) => Ok(Literal::Moment(of_day(*time))),
            Value::Date(date, _) => of_text(&date_text(*date)),
            Value::DateTime(date, time, _) => of_text(&format!("{} {}", date_text(*date), time_text(*time))),
            Value::Str(text) if looks_like_moment(text.text.trim()) => of_text(text.text.trim()),
            Value::Bad(_) => return None,
            _ if kind == Some(Kind::Date) => Err(format!("`{}` is not a date or a time", shown(value))),
            _ => Ok(amount(value).map_or_else(|| Literal::Word(shown(value)), Literal::Amount)),
        };
        match found {
            Ok(Literal::Moment(_)) if kind.is_some_and(|kind| !matches!(kind, Kind::Date | Kind::Text)) => {
                Some(Literal::Word(shown(value)))
            }
            Ok(literal) => Some(literal),
            Err(why) => {
                self.cx.report(no_moment(self.cx, value.node(), why));
                None
            }
        }
    }

    fn expect_known(&mut self, name: &Ref) {
        let text = name.text();
        if self.names.kind(&text).is_some() || !name.rest.is_empty() {
            return;
        }
        let near = did_you_mean(&text, self.names.known.iter().map(|(name, _)| *name));
        if near.is_some() {
            self.cx.report(unknown_name(self.cx, name, near));
        } else if !self.names.open {
            let problem = nothing_known(self.cx, name);
            if !self.cx.problems.contains(&problem) {
                self.cx.report(problem);
            }
        }
    }
}

fn of_text(text: &str) -> Result<Literal, String> {
    moment(text).map(Literal::Moment)
}

fn of_day(time: Time) -> Moment {
    Moment::OfDay(u32::from(time.hour) * 3600 + u32::from(time.minute) * 60 + u32::from(time.second))
}

fn date_text(date: Date) -> String {
    format!("{}-{}-{}", date.year, date.month, date.day)
}

fn time_text(time: Time) -> String {
    format!("{}:{}:{}", time.hour, time.minute, time.second)
}

/// Something of which nothing is known but that it holds or not.
fn fact(node: NodeId) -> When {
    When::Is(Axis::Fact(format!("#{}", node.0)), IntervalSet::single(1))
}

fn comparison(how: nemo::Compare) -> Compare {
    match how {
        nemo::Compare::Equal => Compare::Eq,
        nemo::Compare::Unequal => Compare::Ne,
        nemo::Compare::Less => Compare::Lt,
        nemo::Compare::AtMost => Compare::Le,
        nemo::Compare::Greater => Compare::Gt,
        nemo::Compare::AtLeast => Compare::Ge,
    }
}

/// A number for a word (FNV-1a).
fn hash(word: &str) -> u128 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    u128::from(word.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

/// Conditions and parts of them that hold always, or never; of a part it is said only once, where it is smallest.
fn lint<'a>(condition: &'a Cond, meant: &When, found: &mut Vec<(&'a Cond, bool)>) -> bool {
    let inner = match (condition, meant) {
        (Cond::Any(all, _), When::Any(meant)) | (Cond::All(all, _), When::All(meant)) => {
            // All of them: `|` does not stop at the first.
            all.iter().zip(meant).fold(false, |any, (condition, meant)| any | lint(condition, meant, found))
        }
        (Cond::Not(condition, _), When::Not(meant)) => lint(condition, meant, found),
        _ => false,
    };
    if inner {
        return true;
    }
    let always = meant.always_holds() == Some(true);
    let never = meant.can_hold() == Some(false);
    if always || never {
        found.push((condition, always));
    }
    always || never
}

fn constant(cx: &Cx<'_>, condition: &Cond, always: bool) -> Problem {
    let (code, what) = if always { (Code::W0404, "always") } else { (Code::W0405, "never") };
    let problem = Diagnostic::new(code, cx.at(condition.node()), format!("this condition is {what} true"));
    match condition {
        Cond::Any(..) if always => problem
            .with_note("whatever the value is, one of the alternatives holds")
            .with_help("if both are to hold, join them with `&&`"),
        Cond::All(..) if !always => problem
            .with_note("no value satisfies all of it at once")
            .with_help("if one of them is enough, as for a night that begins before midnight and ends after it, join them with `||`"),
        _ => problem,
    }
}

fn empty(cx: &Cx<'_>, at: NodeId, lo: &Value, hi: &Value) -> Problem {
    empty_range(cx, at, &shown(lo), &shown(hi))
}

/// A range that ends before it begins.
pub(crate) fn empty_range(cx: &Cx<'_>, at: NodeId, lo: &str, hi: &str) -> Problem {
    Diagnostic::new(Code::E0307, cx.at(at), format!("nothing lies between {lo} and {hi}"))
        .with_help("write the lower end first")
}

fn no_moment(cx: &Cx<'_>, at: NodeId, why: String) -> Problem {
    Diagnostic::new(Code::E0435, cx.at(at), why)
        .with_help("times are written as `18:00` or `18:00:00`, dates as `2026-11-26`, both as `2026-11-26 18:00:00`")
}

fn unknown_name(cx: &Cx<'_>, name: &Ref, near: Option<String>) -> Problem {
    let message = format!("there is no condition parameter `{}`", name.text());
    Diagnostic::new(Code::E0436, cx.at(name.node), message).with_optional_help(near)
}

fn nothing_known(cx: &Cx<'_>, name: &Ref) -> Problem {
    Diagnostic::new(Code::W0410, cx.at(name.node), format!("nothing is known of `{}`", name.text()))
        .with_help("declare it, as in `CREATE ConditionModel load Property Integer: load;`")
}
