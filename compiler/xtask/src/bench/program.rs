//! A generated package of any size: the blocks of `examples/branch`, over and over under other names.

/// Files of a thousand lines and a little each, for every thousand of `lines`.
pub fn files(example: &str, lines: usize) -> Vec<String> {
    let per_file = 1_000.min(lines);
    (0..lines / per_file).map(|file| self::file(example, file, per_file)).collect()
}

/// The number of lines of all of them.
pub fn lines(files: &[String]) -> u64 {
    files.iter().map(|f| f.lines().count() as u64).sum()
}

fn file(example: &str, number: usize, lines: usize) -> String {
    let imports: String = example.lines().filter(|l| l.starts_with("use ")).map(|l| format!("{l}\n")).collect();
    let blocks = blocks(example);
    let mut text = imports;
    for site in 0.. {
        if text.lines().count() >= lines {
            break;
        }
        text += &blocks.replace("Branch", &format!("Site{number}x{site}"));
    }
    text
}

/// The RFBs of a source, with their documentation.
fn blocks(source: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in source.lines() {
        inside |= line.starts_with("rfb ");
        if inside || line.starts_with("/// ") {
            text += &format!("{line}\n");
        }
        inside &= line != "}";
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_lines_asked_for() {
        let example =
            "use std::net::Ip4;\n// x\n/// Doc.\nrfb Branch {\n  port inout lan: Ip4;\n}\nsubstrate lab {\n}\n";
        let files = files(example, 3_000);
        assert_eq!(files.len(), 3);
        assert!(files.iter().all(|f| (1_000..=1_005).contains(&f.lines().count())));
        assert!(files[1].contains("rfb Site1x0 {") && !files[1].contains("substrate"));
    }
}
