//! The templates of `rdclc new`: real programs, in `templates/`. The word `NAME` in them stands for the package.

use crate::args::Template;

/// A file of a template: where it goes, and its text.
type File = (&'static str, &'static str);

const MANIFEST: File = ("rdcl.toml", include_str!("../templates/rdcl.toml"));

/// The files of a package of this name, each with its path below the package.
pub fn files(template: Template, name: &str) -> Vec<(&'static str, String)> {
    let all = std::iter::once(&MANIFEST).chain(sources(template));
    all.map(|(path, text)| (*path, text.replace("NAME", name))).collect()
}

fn sources(template: Template) -> &'static [File] {
    match template {
        Template::Block => &[
            ("main.rdcl", include_str!("../templates/block/main.rdcl")),
            ("tests/gate.toml", include_str!("../templates/block/tests/gate.toml")),
        ],
        Template::Service => &[
            ("main.rdcl", include_str!("../templates/service/main.rdcl")),
            ("tests/service.toml", include_str!("../templates/service/tests/service.toml")),
        ],
        Template::Router => &[
            ("main.rdcl", include_str!("../templates/router/main.rdcl")),
            ("routes.txt", include_str!("../templates/router/routes.txt")),
            ("tests/routes.toml", include_str!("../templates/router/tests/routes.toml")),
        ],
        Template::Library => &[
            ("main.rdcl", include_str!("../templates/library/main.rdcl")),
            ("marks.rdcl", include_str!("../templates/library/marks.rdcl")),
            ("filters/base.rdcl", include_str!("../templates/library/filters/base.rdcl")),
            ("filters/ssh.rdcl", include_str!("../templates/library/filters/ssh.rdcl")),
            ("tests/filters.toml", include_str!("../templates/library/tests/filters.toml")),
        ],
    }
}

/// What to type next, in the directory of the package.
pub fn next(template: Template) -> &'static [&'static str] {
    match template {
        Template::Block | Template::Library => &["rdclc verify .", "rdclc test .", "rdclc build . -o out"],
        Template::Service => &["rdclc verify .", "rdclc place .", "rdclc run .", "rdclc build . --deploy cloud -o out"],
        Template::Router => &["rdclc verify .", "rdclc verify --reachability .", "rdclc build . -o out"],
    }
}
