//! The options of `isapi-shim iis`.

use crate::iis::PathMap;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// What there is for administrators of IIS.
#[derive(Debug, Subcommand)]
pub enum IisCommand {
    /// Print the web.config and the appcmd lines for a site.
    Config(ConfigArgs),
    /// Look for mistakes in a site's folder, its configuration, and its DLL.
    Check(CheckArgs),
}

/// The bitness of an application pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Bits {
    /// 32-bit.
    #[value(name = "32")]
    Bits32,
    /// 64-bit.
    #[value(name = "64")]
    Bits64,
}

/// What `iis config` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ConfigFormat {
    /// Everything, with headings: to read.
    All,
    /// The file web.config.
    #[value(name = "web.config")]
    WebConfig,
    /// Lines for cmd.exe that do everything without a web.config.
    Appcmd,
}

/// How `check` and `iis check` report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Text to read.
    Text,
    /// One JSON object.
    Json,
}

/// `isapi-shim iis config`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  isapi-shim iis config --site Shop --pool Shop --dll 'C:\\inetpub\\PyISAPIe\\PyISAPIe.dll'
  isapi-shim iis config --site 'Default Web Site' --app /api --pool Api --wildcard \\
      --dll 'C:\\inetpub\\Api\\PyISAPIe.dll' --physical-path 'D:\\www\\api'
  isapi-shim iis config --site Shop --pool Shop --dll 'C:\\inetpub\\PyISAPIe\\PyISAPIe.dll' \\
      --format web.config > web.config

Nothing is changed: the lines are for you to read and to run, as administrator, in cmd.exe.")]
pub struct ConfigArgs {
    /// The site, as IIS Manager names it
    #[arg(long, value_name = "NAME")]
    pub site: String,

    /// The application pool; each copy of PyISAPIe.dll needs its own
    #[arg(long, value_name = "NAME")]
    pub pool: String,

    /// Where PyISAPIe.dll lies on the server
    #[arg(long, value_name = "PATH")]
    pub dll: String,

    /// The application in the site
    #[arg(long, value_name = "/PATH", default_value = "/")]
    pub app: String,

    /// The folder of the site or application on the server: adds the lines that make an
    /// application of --app, and that let the pool read the folder
    #[arg(long, value_name = "DIR")]
    pub physical_path: Option<String>,

    /// Make the site too, listening on this port; without it the site is there already
    #[arg(long, value_name = "PORT", requires = "physical_path")]
    pub port: Option<u16>,

    /// Which files are scripts; can be repeated [default: *.py, or none with --wildcard]
    #[arg(long, value_name = "PATTERN")]
    pub map: Vec<String>,

    /// Every request that no --map takes goes to Http\Isapi.py beside the DLL
    #[arg(long)]
    pub wildcard: bool,

    /// The bitness of the pool, the DLL and Python
    #[arg(long, value_name = "BITS", default_value = "64")]
    pub bits: Bits,

    /// What to print
    #[arg(long, value_name = "FORMAT", default_value = "all")]
    pub format: ConfigFormat,
}

/// `isapi-shim iis check`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  isapi-shim iis check 'C:\\inetpub\\shop'
  isapi-shim iis check --application-host 'C:\\Windows\\System32\\inetsrv\\config\\\
applicationHost.config' --site Shop 'C:\\inetpub\\shop'
  isapi-shim iis check --map-path 'C:\\inetpub=./inetpub' --python ./Python313 inetpub/shop

Nothing is changed. Each finding has a code, what you would see in IIS, and the cure. The exit \
code is 1 if there is an error among them; warnings and notes leave it at 0.")]
pub struct CheckArgs {
    /// The site's folder
    #[arg(value_hint = ValueHint::DirPath)]
    pub dir: PathBuf,

    /// A copy of the server's applicationHost.config: pools, restrictions, modules, other sites
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub application_host: Option<PathBuf>,

    /// Which site or application of applicationHost.config the folder is: `Shop` or `Shop/api`
    /// [default: the one with this folder]
    #[arg(
        long,
        value_name = "NAME",
        requires = "application_host",
        conflicts_with = "pool"
    )]
    pub site: Option<String>,

    /// Which application pool of applicationHost.config it runs in, where no site is named
    #[arg(long, value_name = "NAME", requires = "application_host")]
    pub pool: Option<String>,

    /// PyISAPIe.dll, as seen from here [default: where the handler says]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub dll: Option<PathBuf>,

    /// The Python of the server, as seen from here [default: what the DLL would find]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub python: Option<PathBuf>,

    /// Where a folder of the server is, seen from here: 'C:\inetpub=./inetpub'; can be repeated
    #[arg(long = "map-path", value_name = "WINDOWS=LOCAL")]
    pub map_paths: Vec<PathMap>,

    /// How to report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: CheckFormat,
}
