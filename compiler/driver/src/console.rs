//! Where results go: standard output carries verdicts or the machine format, standard error everything else.

use crate::args::{ColorChoice, Format, Style};
use crate::exit::Exit;
use crate::json;
use crate::reports::Report;
use rdcl_base::render::Renderer;
use rdcl_base::{Diagnostic, FileSpan, Sources};
use serde_json::Value;
use std::io::{self, IsTerminal, Write};

/// The most diagnostics that are written about one package; a file of the wrong kind has one on every line.
const MOST_DIAGNOSTICS: usize = 500;

/// The two output streams of a run, and how to write to them.
pub struct Console {
    /// The format asked for.
    pub format: Format,
    /// Whether standard output is coloured.
    pub out_color: bool,
    err_color: bool,
    /// The report that is made in the end, and what of.
    report: Option<(Report, Vec<Value>)>,
    /// Set once standard output takes no more: a reader that went away, or (an environment fault) a full disk.
    closed: Option<io::ErrorKind>,
}

impl Console {
    /// Opens the streams; the machine format begins with its version.
    pub fn open(style: Style) -> Console {
        let wanted = |terminal: bool| match style.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let mut console = Console {
            format: style.format,
            report: style.report.map(|report| (report, Vec::new())),
            out_color: wanted(io::stdout().is_terminal()),
            err_color: wanted(io::stderr().is_terminal()),
            closed: None,
        };
        if console.format == Format::Json {
            console.object(&json::version());
        }
        console
    }

    /// Writes one text to standard output and ends.
    pub fn print_artifact(text: &str) -> Exit {
        let mut console =
            Console { format: Format::Human, out_color: false, err_color: false, report: None, closed: None };
        console.print(text);
        console.close()
    }

    /// Writes text to standard output.
    pub fn print(&mut self, text: &str) {
        if self.closed.is_none()
            && let Err(error) = io::stdout().write_all(text.as_bytes())
        {
            self.closed = Some(error.kind());
        }
    }

    /// Writes a JSON object to standard output, or keeps it for the report.
    pub fn object(&mut self, object: &Value) {
        match &mut self.report {
            Some((_, objects)) => objects.push(object.clone()),
            None => self.print(&format!("{object}\n")),
        }
    }

    /// Writes a line to standard error. One that cannot be written is lost: there is nowhere left to say so.
    pub fn note(&mut self, text: &str) {
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Writes diagnostics, at most [`MOST_DIAGNOSTICS`].
    pub fn diagnostics(&mut self, diagnostics: &[Diagnostic<FileSpan>], sources: &Sources) {
        let mut renderer = Renderer::new(sources, self.err_color);
        for diagnostic in diagnostics.iter().take(MOST_DIAGNOSTICS) {
            match self.format {
                Format::Json => self.object(&json::diagnostic(diagnostic, sources)),
                Format::Short => self.note(&short(diagnostic, sources)),
                // With the line break of a note: an empty line between two drawings.
                Format::Human => self.note(&renderer.draw(diagnostic)),
            }
        }
        if diagnostics.len() > MOST_DIAGNOSTICS {
            self.note(&format!("… and {} more", diagnostics.len() - MOST_DIAGNOSTICS));
        }
    }

    /// Ends the output; says whether all of it arrived where it should.
    pub fn close(mut self) -> Exit {
        if let Some((report, objects)) = self.report.take() {
            self.print(&report.text(&objects));
        }
        if let Err(error) = io::stdout().flush() {
            self.closed = self.closed.or(Some(error.kind()));
        }
        match self.closed {
            // The reader has seen enough; that is its right.
            None | Some(io::ErrorKind::BrokenPipe) => Exit::Fine,
            Some(kind) => {
                self.note(&format!("error: cannot write to standard output: {kind}"));
                Exit::Environment
            }
        }
    }
}

/// `file:line:column: error[E0101]: message`
fn short(diagnostic: &Diagnostic<FileSpan>, sources: &Sources) -> String {
    let (at, severity) = (sources.place(diagnostic.primary), diagnostic.severity.word());
    format!("{at}: {severity}[{}]: {}", diagnostic.code, diagnostic.message)
}

/// A colour of the terminal's palette.
#[derive(Clone, Copy, Debug)]
pub enum Paint {
    /// Good.
    Green,
    /// Bad.
    Red,
    /// Neither.
    Yellow,
    /// Of less weight.
    Dim,
}

impl Paint {
    /// The text in this colour, if colours are on.
    pub fn on(self, text: &str, color: bool) -> String {
        let code = match self {
            Paint::Green => "32",
            Paint::Red => "31",
            Paint::Yellow => "33",
            Paint::Dim => "2",
        };
        if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}
