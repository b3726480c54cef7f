//! How to leave an import out. It is not part of the complaint, which knows no places in the text.

use rdcl_base::{Code, Fix, Span};
use rdcl_hir::{Db, Loc, Problem, item_with_id, parsed};
use rdcl_syntax::ast;

/// Adds the fix to a complaint about an import that is never used.
pub fn mend(db: &dyn Db, problem: &mut Problem) {
    if problem.code == Code::W0201 {
        problem.fix = without_import(db, problem.primary);
    }
}

/// The `use` without an import, or nothing if it has no other. Of braces within braces nothing is offered.
fn without_import(db: &dyn Db, at: Loc) -> Option<Fix<Loc>> {
    let Loc::Node(file, id, node) = at else { return None };
    let item = item_with_id(db, file, id)?;
    let ast::Item::Use(imports) = parsed(db, item).tree(db) else { return None };
    let (text, span) = (item.text(db), *parsed(db, item).spans(db).get(node.0 as usize)?);
    let fix = |span, replacement: &str| Fix { at: Loc::Text(file, id, span), replacement: replacement.to_owned() };
    if let [_] = imports.as_slice() {
        let keyword = text.get(..span.start as usize)?.rfind("use")?;
        let end = item.start(db) as usize + text.len();
        // With its line, if nothing stands before it there.
        let breaks = keyword == 0 && file.text(db).get(end..)?.starts_with('\n');
        let end = (text.len() + usize::from(breaks)) as u32;
        return text.ends_with(';').then(|| fix(Span::new(keyword as u32, end), ""));
    }
    if text.matches('{').count() != 1 || text.contains("//") {
        return None;
    }
    let (open, close) = (text.find('{')? + 1, text.find('}')?);
    let mut at = open;
    let mut names = Vec::new();
    for part in text.get(open..close)?.split(',') {
        let is_wanted = (at..=at + part.len()).contains(&(span.start as usize));
        names.extend(Some(part.trim()).filter(|name| !is_wanted && !name.is_empty()));
        at += part.len() + 1;
    }
    let whole = Span::new(open as u32 - 1, close as u32 + 1);
    Some(match names[..] {
        // The only one that is left needs no braces.
        [only] => fix(whole, only),
        _ => fix(whole, &format!("{{{}}}", names.join(", "))),
    })
}

#[cfg(test)]
mod tests {
    use crate::mend;
    use rdcl_base::{FileId, Sources, edit};
    use rdcl_hir::{Database, Package, SourceFile, add_std, diagnostics, place};

    /// A text without the imports that it does not need.
    fn mended(text: &str) -> String {
        let mut text = text.to_owned();
        loop {
            let mut db = Database::default();
            let std = add_std(&mut db, FileId(10));
            let main = SourceFile::new(&db, "main".into(), "main.rdcl".into(), text.clone(), FileId(0));
            let package = Package::new(&db, vec![main], std, Vec::new());
            let mut found = diagnostics(&db, package);
            found.iter_mut().for_each(|problem| mend(&db, problem));
            let found: Vec<_> = found.into_iter().map(|p| p.map(|loc| place(&db, loc))).collect();
            let sources = Sources::new([("main.rdcl".to_owned(), text.clone())]);
            match edit::fixed(&sources, &found).remove(&FileId(0)) {
                Some(edited) => text = edited.text,
                None => return text,
            }
        }
    }

    #[test]
    fn imports_are_left_out() {
        let rest = "rfb A { port inout a: Ip4; }";
        let of = |text: &str| mended(&format!("{text}\n{rest}")).trim_end_matches(rest).to_owned();
        assert_eq!(of("use std::net::Eth;\nuse std::net::Ip4;"), "use std::net::Ip4;\n");
        assert_eq!(of("use std::net::{Eth, Ip4};"), "use std::net::Ip4;\n");
        assert_eq!(of("use std::net::{Ip4, Eth, Tcp as T, Udp,};"), "use std::net::Ip4;\n");
        assert_eq!(of("// Why.\nuse std::net::Eth; use std::net::Ip4;"), "// Why.\n use std::net::Ip4;\n");
        assert_eq!(of("use std::{net::{Eth, Ip4}, nf::Hub};"), "use std::{net::{Eth, Ip4}, nf::Hub};\n");
    }
}
