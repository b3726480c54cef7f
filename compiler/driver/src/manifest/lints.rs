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
                    let finding = self.finding(Code::W0002, key.span(), format!("there is no lint `{name}`"));
                    // Some know the code and not the name.
                    let of_code = LINTS.iter().find(|lint| lint.code.as_str().eq_ignore_ascii_case(name));
                    self.findings.push(match of_code {
                        Some(lint) => {
                            let help = format!("lints go by their names: `{}`", lint.name);
                            finding.with_help(help).with_fix(lint.name)
                        }
                        None => finding.misspelt(name, LINTS.iter().map(|lint| lint.name)),
                    });
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
