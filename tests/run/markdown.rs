//! Code blocks of Markdown files.

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// What stands after the fence, split at commas: `rdcl`, `error=E0201`.
    pub tags: Vec<String>,
    /// Its text.
    pub text: String,
    /// The line its text begins on.
    pub line: usize,
    /// The last heading before it.
    pub heading: String,
}

impl Block {
    /// Whether the first tag is this language.
    pub fn is(&self, language: &str) -> bool {
        self.tags.first().is_some_and(|t| t == language)
    }

    /// The value of a tag `name=value`.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find_map(|t| t.strip_prefix(name)?.strip_prefix('='))
    }

    /// Whether it has this tag.
    pub fn has(&self, tag: &str) -> bool {
        self.tags.iter().any(|t| t == tag)
    }
}

/// All fenced blocks of a text, in order.
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut heading = String::new();
    for (number, line) in (1..).zip(text.lines()) {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => block.text += &format!("{line}\n"),
            (None, Some(tags)) => {
                let tags = tags.split(',').map(|t| t.trim().to_owned()).collect();
                open = Some(Block { tags, text: String::new(), line: number + 1, heading: heading.clone() });
            }
            (None, None) => {
                if let Some(text) = line.strip_prefix('#') {
                    heading = text.trim_start_matches('#').trim().to_owned();
                }
            }
        }
    }
    blocks
}
