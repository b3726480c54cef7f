//! The table `[lints]`: what is passed over, warned of or refused in a package.

use super::{Reader, Value};
use rdcl_base::lints::{LINTS, Level, Lint};
use rdcl_base::{Code, nearest};

impl Reader {
    pub(super) fn lints(&mut self, value: &Value<'_>) -> Vec<(&'static Lint, Level)> {
        let Some(table) = self.table("lints", value) else { return Vec::new() };
        let mut found = Vec::new();
        for (key, value) in table {
            let name: &str = key.get_ref();
            let Some(level) = self.level(name, value) else { continue };
            match Lint::find(name) {
                Some(lint) => found.push((lint, level)),
                None => {
                    let near = nearest(name, LINTS.iter().map(|lint| lint.name));
                    let mut finding = self
                        .finding(Code::W0002, key.span(), format!("there is no lint `{name}`"))
                        .with_optional_help(near.map(|near| format!("did you mean `{near}`?")));
                    let at = finding.primary;
                    finding.fix = near.map(|near| rdcl_base::Fix { at, replacement: near.to_owned() });
                    self.findings.push(finding);
                }
            }
        }
        found
    }

    fn level(&mut self, name: &str, value: &Value<'_>) -> Option<Level> {
        let text = self.string(name, value)?;
        let level = Level::find(text);
        if level.is_none() {
            let message = format!("`{text}` is no level of a lint, expected `allow`, `warn` or `deny`");
            let finding = self.finding(Code::E0004, value.span(), message);
            let near = nearest(text, ["allow", "warn", "deny"]);
            self.findings.push(finding.with_optional_help(near.map(|near| format!("did you mean `{near}`?"))));
        }
        level
    }
}
