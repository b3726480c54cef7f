//! `rdclc explain`: the page of a code, or the list of all.

use rdcl_base::lints::{LINTS, Lint};
use rdcl_base::{CODES, Code, nearest};

/// The page of a code, or of a lint by its name.
///
/// # Errors
/// What to tell the user when there is no such code.
pub fn page(code: &str) -> Result<&'static str, String> {
    let wanted = code.to_ascii_uppercase();
    let Some(code) = Code::find(&wanted).or_else(|| Lint::find(code).map(|lint| lint.code)) else {
        let help = nearest(&wanted, CODES.iter().map(|c| c.code.as_str()))
            .or_else(|| nearest(code, LINTS.iter().map(|lint| lint.name)))
            .map_or_else(|| "; `rdclc explain --list` lists them all".to_owned(), |c| format!("; did you mean `{c}`?"));
        return Err(format!("there is no code `{code}`{help}"));
    };
    Ok(code.info().page)
}

/// A line for each code: the code and its title, and of a lint its name.
pub fn list() -> String {
    let name = |code| Lint::of(code).map_or_else(String::new, |lint| format!(" ({})", lint.name));
    CODES.iter().map(|c| format!("{}  {}{}\n", c.code, c.title, name(c.code))).collect()
}
