//! How results are written: the options that every command has.

use crate::reports::Report;
use clap::{ArgMatches, Args, FromArgMatches, ValueEnum};

/// How results are written.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// In which format; as JSON where there is a report, which is made of it.
    pub format: Format,
    /// The report to be made in the end.
    pub report: Option<Report>,
    /// When to colour.
    pub color: ColorChoice,
    /// Whether to say how long each stage took.
    pub timings: bool,
    /// What may be changed and reached on the way.
    pub access: Access,
}

impl From<StyleArguments> for Style {
    fn from(arguments: StyleArguments) -> Style {
        let (format, report) = match arguments.format {
            Output::Human => (Format::Human, None),
            Output::Short => (Format::Short, None),
            Output::Json => (Format::Json, None),
            Output::Sarif => (Format::Json, Some(Report::Sarif)),
            Output::Github => (Format::Json, Some(Report::Github)),
            Output::Junit => (Format::Json, Some(Report::Junit)),
        };
        let StyleArguments { color, timings, access, .. } = arguments;
        Style { format, report, color, timings, access }
    }
}

impl FromArgMatches for Style {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Style, clap::Error> {
        StyleArguments::from_arg_matches(matches).map(Style::from)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Style::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Style {
    fn augment_args(command: clap::Command) -> clap::Command {
        StyleArguments::augment_args(command)
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        StyleArguments::augment_args_for_update(command)
    }
}

/// How results are written, as it is asked for.
#[derive(Clone, Copy, Debug, Args)]
pub struct StyleArguments {
    /// How results are written
    #[arg(long, global = true, value_enum, default_value_t = Output::Human)]
    pub format: Output,
    /// When to colour
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = ColorChoice::Auto)]
    pub color: ColorChoice,
    /// Say on standard error how long each stage took
    #[arg(long, global = true)]
    pub timings: bool,
    /// What may be changed and reached on the way.
    #[command(flatten)]
    pub access: Access,
}

/// What results are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people, with source lines and witnesses.
    Human,
    /// One line for each result.
    Short,
    /// One JSON object per line; `docs/json-format.md`.
    Json,
    /// A SARIF log, for code scanning.
    Sarif,
    /// Annotations of a workflow on GitHub.
    Github,
    /// Test suites in XML, for build servers.
    Junit,
}

/// How dependencies are come by.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Access {
    /// Refuse to write `rdcl.lock`: it has to be up to date
    #[arg(long, global = true)]
    pub locked: bool,
    /// Use no network: repositories have to be in the cache
    #[arg(long, global = true)]
    pub offline: bool,
}

/// A format of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// With source lines and witnesses.
    Human,
    /// One line for each result.
    Short,
    /// One JSON object per line; `docs/json-format.md`.
    Json,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
