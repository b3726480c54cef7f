//! `rdclc explain`: the page of a code, or the list of all.

use rdcl_base::{CODES, Code, nearest};

/// The page of a code.
///
/// # Errors
/// What to tell the user when there is no such code.
pub fn page(code: &str) -> Result<&'static str, String> {
    let wanted = code.to_ascii_uppercase();
    let Some(code) = Code::find(&wanted) else {
        let help = nearest(&wanted, CODES.iter().map(|c| c.code.as_str()))
            .map_or_else(|| "; `rdclc explain --list` lists them all".to_owned(), |c| format!("; did you mean `{c}`?"));
        return Err(format!("there is no code `{code}`{help}"));
    };
    Ok(code.info().page)
}

/// A line for each code: the code and its title.
pub fn list() -> String {
    CODES.iter().map(|c| format!("{}  {}\n", c.code, c.title)).collect()
}
