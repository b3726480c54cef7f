//! The command line, as clap sees it.

mod style;

pub use style::{Access, ColorChoice, Format, Style};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use rdcl_base::{Code, Severity};
use std::path::{Path, PathBuf};

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "rdclc", version, max_term_width = 100)]
#[command(about = "A compiler for network services built from reusable functional blocks")]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How results are written.
    #[command(flatten)]
    pub style: Style,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a package that verifies and builds, to begin from
    New(New),
    /// Parse, resolve and type-check; no solver
    Check(Check),
    /// Set programs in the one style: white space only
    Fmt(Fmt),
    /// Warn also of what is better said otherwise, and fix it on demand
    Lint(Lint),
    /// Send the packets of a package's fixtures through its blocks
    Test(Test),
    /// Prove every contract, or show a packet that breaks it
    Verify(Verify),
    /// Answer the `Query` statements of NEMO texts, or a question about them
    Query(Query),
    /// Run one program of SEFL: every path symbolically, or one concrete packet
    Sefl(Sefl),
    /// Draw the nested service graph
    Graph(Graph),
    /// Say where each part of a deployment is best run, or why it fits nowhere
    Place(Place),
    /// Build the files of each deployment, once every promise is proved
    Build(Build),
    /// Say which statements a line of a built file is there because of, or the other way round
    Where(Where),
    /// Boot the guests of a deployment and pass packets through them
    Run(Run),
    /// Explain a diagnostic code
    Explain(Explain),
    /// Write what a shell needs to complete this command line
    Completions(Completions),
    /// Write a page of the manual, for `man -l`
    Man(Man),
}

impl Command {
    /// The paths it works on.
    pub fn paths(&self) -> &[PathBuf] {
        match self {
            Command::Check(check) => &check.paths,
            Command::Fmt(fmt) => &fmt.paths,
            Command::Lint(lint) => &lint.paths,
            Command::Test(test) => &test.paths,
            Command::Verify(verify) => &verify.paths,
            Command::Graph(graph) => &graph.paths,
            Command::Place(place) => &place.paths,
            Command::Build(build) => &build.paths,
            Command::Query(query) => std::slice::from_ref(&query.path),
            Command::Run(run) => std::slice::from_ref(&run.path),
            Command::Sefl(sefl) => std::slice::from_ref(&sefl.path),
            Command::New(_) | Command::Where(_) | Command::Explain(_) | Command::Completions(_) | Command::Man(_) => {
                &[]
            }
        }
    }

    /// Whether its results can be made a report of.
    pub fn has_report(&self) -> bool {
        matches!(
            self,
            Command::Check(_)
                | Command::Lint(_)
                | Command::Test(_)
                | Command::Verify(_)
                | Command::Place(_)
                | Command::Build(_)
        )
    }

    /// Whether what it writes is a text, whatever the format.
    pub fn is_text(&self) -> bool {
        matches!(self, Command::Explain(_) | Command::Completions(_) | Command::Man(_))
    }

    /// Whether a path may be a program of SEFL.
    pub fn takes_programs(&self) -> bool {
        matches!(self, Command::Check(_) | Command::Fmt(_) | Command::Sefl(_))
    }

    /// Whether `-` among the paths stands for standard input.
    pub fn reads_standard_input(&self) -> bool {
        match self {
            Command::Fmt(_) => true,
            Command::New(_)
            | Command::Check(_)
            | Command::Lint(_)
            | Command::Test(_)
            | Command::Verify(_)
            | Command::Query(_)
            | Command::Sefl(_)
            | Command::Graph(_)
            | Command::Place(_)
            | Command::Build(_)
            | Command::Where(_)
            | Command::Run(_)
            | Command::Explain(_)
            | Command::Completions(_)
            | Command::Man(_) => false,
        }
    }
}

/// Whether a path is `-`.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Arguments of `new`.
#[derive(Debug, Args)]
pub struct New {
    /// The directory to make; its last part is the name of the package
    #[arg(value_name = "NAME")]
    pub path: PathBuf,
    /// What to begin from
    #[arg(long, value_enum, value_name = "TEMPLATE", default_value_t = Template::Block)]
    pub template: Template,
}

/// What a package can begin from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// One block, with a behaviour and promises.
    Block,
    /// A service of blocks of the library, deployed at an edge and in a cloud.
    Service,
    /// A router, with its table.
    Router,
    /// Several blocks in modules, with a sub-class.
    Library,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Files, or directories that are packages (they hold an `rdcl.toml`)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub struct Fmt {
    /// Files, or directories that are packages (they hold an `rdcl.toml`); `-` takes standard input to standard output
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write nothing; list the files that would change, and exit with 1 if there are any
    #[arg(long)]
    pub check: bool,
    /// Write nothing; show what would change
    #[arg(long)]
    pub diff: bool,
    /// Rewrite NEMO of old drafts in its canonical form, too
    #[arg(long)]
    pub canonical: bool,
    /// What standard input would be called as a file: `.rdcl`, `.nemo` or `.sefl` says what it is
    #[arg(long, value_name = "FILE", value_parser = stdin_filename)]
    pub stdin_filename: Option<String>,
}

fn stdin_filename(text: &str) -> Result<String, String> {
    let known = ["rdcl", "nemo", "sefl"].iter().any(|ending| Path::new(text).extension() == Some(ending.as_ref()));
    if known { Ok(text.to_owned()) } else { Err("it ends with `.rdcl`, `.nemo` or `.sefl`".to_owned()) }
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub struct Lint {
    /// Files, or directories that are packages (they hold an `rdcl.toml`)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Make the fixes that are safe
    #[arg(long)]
    pub fix: bool,
}

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Directories that are packages (they hold an `rdcl.toml`), or files
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only tests with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Also say which statements, arms, rows and rules no packet has taken
    #[arg(long)]
    pub coverage: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct Verify {
    /// Files, or directories that are packages (they hold an `rdcl.toml`)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only this property, as `Rfb.name`
    #[arg(long, value_name = "NAME")]
    pub property: Option<String>,
    /// Give up a property after this many symbolic states
    #[arg(long, value_name = "STATES", value_parser = clap::value_parser!(u64).range(1..))]
    pub budget: Option<u64>,
    /// Write each witness into this directory, as a capture (.pcap) and as text (.txt)
    #[arg(long, value_name = "DIR")]
    pub witness: Option<PathBuf>,
    /// Treat what is only assumed as a finding
    #[arg(long)]
    pub strict: bool,
    /// Also say, for each ordered pair of boundary ports, whether some packet crosses
    #[arg(long)]
    pub reachability: bool,
}

/// Arguments of `query`.
#[derive(Debug, Args)]
pub struct Query {
    /// A file, or a directory that is a package (it holds an `rdcl.toml`)
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The question, as `Query Type, Contain From site` or `Query nodes`; without one, those that are written in the files
    #[arg(value_name = "QUESTION")]
    pub question: Option<String>,
}

/// Arguments of `sefl`.
#[derive(Debug, Args)]
pub struct Sefl {
    /// A `.sefl` file
    #[arg(value_name = "FILE")]
    pub path: PathBuf,
    /// What the program begins from: `empty`, `pkt`, headers (`eth/ip/tcp`), bytes (`ip:4500…`) or a capture
    /// (`FILE.pcap#2`); and values, `pkt,IPSrc=10.0.0.1,x=5`
    #[arg(long, value_name = "SPEC", default_value = "empty")]
    pub packet: String,
    /// Also list, as dropped, what each `Constrain` keeps out
    #[arg(long)]
    pub drops: bool,
    /// Count as SymNet does: a `Forward` does not end a path, and branches that nothing takes have failed
    #[arg(long)]
    pub symnet_compat: bool,
    /// Run on one packet, whose symbolic values are 0 unless given, and show each step
    #[arg(long)]
    pub concrete: bool,
    /// Give up after so many instructions, over all paths
    #[arg(long, value_name = "STEPS", value_parser = clap::value_parser!(u64).range(1..))]
    pub budget: Option<u64>,
}

/// Arguments of `graph`.
#[derive(Debug, Args)]
pub struct Graph {
    /// Files, or directories that are packages (they hold an `rdcl.toml`)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// As what
    #[arg(long, value_enum, value_name = "AS")]
    pub draw: Draw,
    /// This RFB instead of those that are no part of another
    #[arg(long, value_name = "NAME")]
    pub rfb: Option<String>,
}

/// What a graph is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Draw {
    /// For Graphviz.
    Dot,
    /// One object for each service; `docs/json-format.md`.
    Json,
}

/// Arguments of `place`.
#[derive(Debug, Args)]
pub struct Place {
    /// Files, or directories that are packages (they hold an `rdcl.toml`)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only the deployment of this name
    #[arg(long, value_name = "NAME")]
    pub deploy: Option<String>,
    /// Also say what each flow between two boundary ports comes to
    #[arg(long)]
    pub flows: bool,
}

/// Arguments of `build`.
#[derive(Debug, Args)]
pub struct Build {
    /// Files, or directories that are packages (they hold an `rdcl.toml`)
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// The directory to write into; below it one for each package and deployment, where there are several
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Only this deployment
    #[arg(long, value_name = "NAME")]
    pub deploy: Option<String>,
    /// What to make
    #[arg(long, value_enum, value_delimiter = ',', default_value = "heat")]
    pub target: Vec<Target>,
    /// Do not warn of this code; `undecided` builds although a promise is neither proved nor violated
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = allowed)]
    pub allow: Vec<Allowed>,
}

/// What can be made of a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Templates for OpenStack Heat.
    Heat,
}

/// What may be passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Warnings of this code.
    Code(Code),
    /// Promises that are not decided.
    Undecided,
}

fn allowed(text: &str) -> Result<Allowed, String> {
    if text == "undecided" {
        return Ok(Allowed::Undecided);
    }
    match Code::find(&text.to_ascii_uppercase()) {
        Some(code) if code.severity() == Severity::Error => {
            Err(format!("{code} is an error, which cannot be passed over"))
        }
        Some(code) => Ok(Allowed::Code(code)),
        None => Err("there is no such code; `rdclc explain --list` lists them".to_owned()),
    }
}

/// Arguments of `where`.
#[derive(Debug, Args)]
pub struct Where {
    /// A line of a built file or of a source: `out/heat.yaml:12`, `main.rdcl:41`, `main.rdcl:41:3`
    #[arg(value_name = "FILE:LINE")]
    pub place: String,
    /// The directory that was built into
    #[arg(short, long, value_name = "DIR", default_value = "out")]
    pub output: PathBuf,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// A file, or a directory that is a package (it holds an `rdcl.toml`)
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// The deployment, where several have guests
    #[arg(long, value_name = "NAME")]
    pub deploy: Option<String>,
    /// What runs the guests: KVM where there is one, KVM, or this process
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = BackendChoice::Auto)]
    pub backend: BackendChoice,
    /// Send the packets of this capture in at a port, each at its time; may be given several times
    #[arg(long, value_name = "FILE@PORT", value_parser = crate::traffic::pcap_at)]
    pub pcap_in: Vec<PcapAt>,
    /// Write what leaves by a port to this capture; may be given several times
    #[arg(long, value_name = "FILE@PORT", value_parser = crate::traffic::pcap_at)]
    pub pcap_out: Vec<PcapAt>,
    /// Send at most so many packets
    #[arg(long, value_name = "PACKETS")]
    pub count: Option<u64>,
}

/// What runs guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BackendChoice {
    /// KVM if it is there, else this process.
    Auto,
    /// Virtual machines.
    Kvm,
    /// This process.
    Native,
}

/// A capture and the port it belongs to.
#[derive(Clone, Debug)]
pub struct PcapAt {
    /// The file.
    pub file: PathBuf,
    /// `lan`, or `fw.wan` for a port of a guest whose far end runs elsewhere.
    pub port: String,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The code, such as `E0201`
    #[arg(required_unless_present = "list")]
    pub code: Option<String>,
    /// List every code instead
    #[arg(long, conflicts_with = "code")]
    pub list: bool,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The page of this command, instead of the one about all
    pub command: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }
}
