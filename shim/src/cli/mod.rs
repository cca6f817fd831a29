//! The command line, as data: each option with its help, and nothing that acts.

mod check;
mod debug;
mod iis;
mod testing;
mod values;

use crate::ecb_host::{Overtime, TimeLimit, Trace};
pub use check::CheckScriptsArgs;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
pub use debug::DebugArgs;
pub use iis::{Bits, CheckArgs, CheckFormat, ConfigArgs, ConfigFormat, IisCommand};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
pub use testing::{PendingArgs, PendingFormat, PendingPaths, ReviewArgs, TestArgs};
pub use values::{HeaderArg, MetricsAddr, ServerVar, WorkerArg};

/// Run, serve and test PyISAPIe scripts (`from Http import *`) without IIS.
#[derive(Debug, Parser)]
#[command(name = "isapi-shim", version, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 good; 1 the script, a comparison or a check failed; 2 usage; 3 \
                        the host failed; 5 nothing to do.\nErrors have codes (ISH0101): \
                        docs/errors.md lists them."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run one script for one request; the body goes to standard output.
    Run(RunArgs),
    /// Serve a folder as a site.
    Serve(ServeArgs),
    /// Send the requests of .http files, and compare the responses with snapshots.
    Test(TestArgs),
    /// Decide about snapshots that are new or differ, one after the other.
    Review(ReviewArgs),
    /// Accept the snapshots that are new or differ.
    Accept(PendingPaths),
    /// Throw away the snapshots that are new or differ.
    Reject(PendingPaths),
    /// List the snapshots that wait for a decision.
    Pending(PendingArgs),
    /// Read scripts without running them, and name what Python 3 will not do as it was meant.
    Check(CheckScriptsArgs),
    /// Set up a site under IIS, and find the mistakes of one.
    Iis {
        /// What to do.
        #[command(subcommand)]
        command: IisCommand,
    },
    /// Print a completion script for a shell.
    #[command(after_help = "Example:\n  isapi-shim completions bash > \
                            ~/.local/share/bash-completion/completions/isapi-shim")]
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// When scripts are loaded again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reload {
    /// Never, as in production.
    Never,
    /// When the script, or a module it imported from the site, has changed.
    Changed,
    /// At every request.
    Always,
}

impl Reload {
    /// As the core knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Changed => "changed",
            Self::Always => "always",
        }
    }
}

/// Who sees tracebacks on error pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorDetails {
    /// Clients on this machine.
    Local,
    /// Everybody.
    Always,
    /// Nobody; they are in the log.
    Never,
}

impl ErrorDetails {
    /// As the core knows it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

/// How `--trace` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

/// How `serve` writes its access log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
    /// The W3C extended format, as IIS writes it.
    W3c,
}

/// What all commands share.
#[derive(Debug, Args)]
pub struct HostArgs {
    /// The home folder: `Http/Isapi.py` and `Http/Config.py` there win over the built-in ones, it
    /// is the current folder and the first one for imports [default: the site's folder]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub home: Option<PathBuf>,

    /// An ISAPI extension library to drive instead of the built-in core
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub extension: Option<PathBuf>,

    /// Write each call across the control block to standard error
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true,
          default_missing_value = "text")]
    pub trace: Option<TraceFormat>,

    /// When scripts are loaded again; `Reload` in Http/Config.py wins
    #[arg(long, value_name = "WHEN", default_value = "changed")]
    pub reload: Reload,

    /// Who sees tracebacks on error pages; `ErrorDetails` in Http/Config.py wins
    #[arg(long, value_name = "WHO", default_value = "local")]
    pub error_details: ErrorDetails,

    /// Give a request up when an extension that returned PENDING is not heard of for so long;
    /// 0 waits for ever, as IIS does
    // The time in which clients are given up, which is IIS's connectionTimeout. IIS has no limit
    // for extensions; what it has for others is near: 90 s for FastCGI, 110 s for ASP.NET.
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub pending_timeout: u32,

    /// Give a request up that takes longer than so many seconds. `serve` answers 500 and leaves the
    /// script to itself; `run` and `test` end its process [default: no limit, as with IIS]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: Option<u32>,

    /// Measure which lines of scripts run, with coverage.py; the data goes to `.coverage`
    #[arg(long)]
    pub coverage: bool,

    /// A folder by which the processes of one run find each other, for a parent process
    #[arg(long, value_name = "DIR", hide = true)]
    pub coverage_run: Option<PathBuf>,
}

impl HostArgs {
    /// How long an extension may be silent; `None`: for ever.
    pub fn pending_timeout(&self) -> Option<Duration> {
        let seconds = u64::from(self.pending_timeout);
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// How long a request may take, and what is done then.
    pub fn time_limit(&self, then: Overtime) -> Option<TimeLimit> {
        let after = Duration::from_secs(u64::from(self.timeout?));
        Some(TimeLimit { after, then })
    }

    /// The trace the user asked for.
    pub fn trace(&self) -> Trace {
        match self.trace {
            None => Trace::Off,
            Some(TraceFormat::Text) => Trace::Text,
            Some(TraceFormat::Json) => Trace::Json,
        }
    }
}

/// `isapi-shim run`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  isapi-shim run hello.py
  isapi-shim run -i -q 'name=Ann&lang=en' form.py
  isapi-shim run -X POST -H 'Content-Type: application/json' -d '{\"a\": 1}' api.py
  isapi-shim run -d @upload.bin --trace upload.py
  isapi-shim run --server-var 'AUTH_USER=CONTOSO\\ann' whoami.py
  isapi-shim run --wsgi mysite.wsgi:application --url '/admin/?next=/'

The site is the nearest folder above the script that has a web.config, an Http/Isapi.py or an \
Http/Config.py, else the script's own folder. The error page of a script that raised is shown with -i only; its \
traceback is on standard error.")]
pub struct RunArgs {
    /// The script
    #[arg(value_hint = ValueHint::FilePath, required_unless_present = "wsgi",
          conflicts_with = "wsgi")]
    pub script: Option<PathBuf>,

    /// A WSGI application in the place of a script: `module:attribute`, imported from the current
    /// folder or --home
    #[arg(long, value_name = "MODULE:APP", value_parser = NonEmptyStringValueParser::new())]
    pub wsgi: Option<String>,

    /// The path at which the WSGI application is mounted [default: /]
    #[arg(long, value_name = "/PREFIX", requires = "wsgi")]
    pub mount: Option<String>,

    /// The URL that the WSGI application is asked for, from the first slash on [default: /]
    #[arg(long, value_name = "/PATH", requires = "wsgi")]
    pub url: Option<String>,

    /// Run it as a CGI script, whatever its name; one called *.cgi is run so anyway
    #[arg(long, conflicts_with = "wsgi")]
    pub cgi: bool,

    /// Show the status line and the headers too
    #[arg(short, long)]
    pub include: bool,

    /// The method [default: GET, or POST with --data]
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub method: Option<String>,

    /// A request header, `Name: value`; can be repeated
    #[arg(short = 'H', long = "header", value_name = "N: V")]
    pub headers: Vec<HeaderArg>,

    /// The request body: TEXT, or the bytes of @FILE, or of standard input for @-
    #[arg(short, long, value_name = "TEXT|@FILE|@-", value_hint = ValueHint::FilePath)]
    pub data: Option<String>,

    /// The query string, without `?`
    #[arg(short, long, value_name = "QUERY")]
    pub query: Option<String>,

    /// Extra path behind the script's name, as in /script.py/extra
    #[arg(long, value_name = "PATH", conflicts_with = "wsgi")]
    pub path_info: Option<String>,

    /// A server variable, which wins over the computed one; can be repeated
    #[arg(long = "server-var", value_name = "NAME=VALUE")]
    pub server_vars: Vec<ServerVar>,

    /// The debugger.
    #[command(flatten)]
    pub debug: DebugArgs,

    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
}

/// `isapi-shim serve`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  isapi-shim serve
  isapi-shim serve --listen 0.0.0.0:8000 site
  isapi-shim serve --wildcard --home handlers site
  isapi-shim serve --wsgi mysite.wsgi:application
  isapi-shim serve --listen 127.0.0.1:0 --ready-file url.txt site
  isapi-shim serve --metrics 9100 --log-format json site
  isapi-shim serve --workers 4 site

The handlers of a web.config in DIR are used where there are any; what was taken from it is \
printed at the start.")]
pub struct ServeArgs {
    /// The site's folder
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,

    /// Answer GET /metrics at this address too, in the text format of Prometheus; without ADDR
    /// for this machine only
    #[arg(long, value_name = "[ADDR:]PORT")]
    pub metrics: Option<MetricsAddr>,

    /// Write the URL to FILE once requests are answered
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub ready_file: Option<PathBuf>,

    /// Which files are scripts; can be repeated [default: *.py and *.cgi, or what
    /// web.config says]
    #[arg(long, value_name = "PATTERN", conflicts_with = "wildcard")]
    pub map: Vec<String>,

    /// Every request goes to the handler, which passes on what it does not want. HANDLER is a
    /// Python file with a function Request(); without it, Http/Isapi.py of the home
    #[arg(long, value_name = "HANDLER", num_args = 0..=1, require_equals = true)]
    pub wildcard: Option<Option<PathBuf>>,

    /// Every request goes to a WSGI application, `module:attribute`, imported from DIR or --home
    #[arg(long, value_name = "MODULE:APP", value_parser = NonEmptyStringValueParser::new(),
          conflicts_with_all = ["map", "wildcard"])]
    pub wsgi: Option<String>,

    /// The path at which the WSGI application is mounted; other requests are for static files
    /// [default: /]
    #[arg(long, value_name = "/PREFIX", requires = "wsgi")]
    pub mount: Option<String>,

    /// Do not read web.config
    #[arg(long)]
    pub no_web_config: bool,

    /// Do not write a line for each request
    #[arg(long)]
    pub no_access_log: bool,

    /// How the line for each request is written
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        conflicts_with = "no_access_log"
    )]
    pub log_format: LogFormat,

    /// A client must send its request's headers within so many seconds
    // IIS has no such limit by itself (its headerWaitTimeout is 0); half-requests would hold
    // connections for ever.
    #[arg(long, value_name = "SECONDS", default_value_t = 30,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub header_timeout: u16,

    /// How many scripts may run on threads of the pool; more wait
    #[arg(long, value_name = "N", default_value_t = 512,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: u16,

    /// Answer in N processes, each with a Python and threads of its own; one that ends is started
    /// again
    #[arg(long, value_name = "N", default_value_t = 1,
          value_parser = clap::value_parser!(u8).range(1..))]
    pub workers: u8,

    /// Be one of these processes, for a parent process
    #[arg(long, value_name = "NUMBERS", hide = true)]
    pub worker: Option<WorkerArg>,

    /// The debugger.
    #[command(flatten)]
    pub debug: DebugArgs,

    /// The host.
    #[command(flatten)]
    pub host: HostArgs,
}
