//! Which requests a run consists of: files read, and what is not wanted left out.

use super::environment::Environment;
use super::http_file::{HttpFile, HttpRequest, Written};
use super::runner::Options;
use super::snapshot_store::folder_for;
use super::visible;
use super::wire::Broken;
use crate::codes;
use crate::ecb_host::Fault;
use crate::error::Error;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// One request to be sent, with or without a fault.
#[derive(Clone, Debug)]
pub struct Case {
    /// The request file.
    pub path: PathBuf,
    /// The file as the user would name it.
    pub shown: String,
    /// What the snapshot is called.
    pub key: String,
    /// What is sent.
    pub request: Arc<HttpRequest>,
    /// What goes wrong.
    pub fault: Option<Fault>,
    /// Where requests of the file refer to one another: the file, and which request this is.
    pub place: Option<(Arc<Written>, usize)>,
}

impl Case {
    /// `file::key`.
    pub fn id(&self) -> String {
        format!("{}::{}", self.shown, self.key)
    }
}

/// What a run consists of, in the order in which it is reported.
#[derive(Debug)]
pub(super) enum Item {
    Warning(String),
    /// A file that cannot be used.
    Unusable(String, Broken),
    Skip(Case),
    Case(Case),
}

/// A part of all requests: the `index`-th (from 1) of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: u64,
    of: u64,
}

impl Shard {
    /// Reads `1/4`.
    ///
    /// # Errors
    /// Usage: that is no part.
    pub fn parse(text: &str) -> crate::error::Result<Self> {
        let parts = text.split_once('/');
        let parts = parts.and_then(|(i, n)| Some((i.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((index, of)) if index >= 1 && index <= of => Ok(Self { index, of }),
            _ => Err(Error::new(
                codes::TEST_OPTION,
                format!("`{text}` is no part for --shard"),
            )
            .fix("write the number of the part and of all: `--shard 1/4`")),
        }
    }

    /// Decided by the name alone, so that a new request moves no other one. The file is named by
    /// its place in the site: the same wherever the run is started.
    fn has(self, file: &str, key: &str) -> bool {
        let hash = visible::fnv(format!("{file}::{key}").as_bytes());
        // The low bits of FNV depend on the low bits of the text only.
        (hash ^ (hash >> 32)) % self.of == self.index - 1
    }
}

/// Reads the files.
pub(super) fn plan(files: &[PathBuf], options: &Options) -> Vec<Item> {
    let mut items = Vec::new();
    for path in files {
        let folder = path.parent().unwrap_or(Path::new(""));
        let env = Environment::find(folder, options.env.as_deref());
        match env.and_then(|env| HttpFile::load(path, &env)) {
            Ok(file) => one_file(path, &file, options, &mut items),
            Err(why) => {
                let broken = Broken::new(&why, options.colour);
                items.push(Item::Unusable(options.shown(path), broken));
            }
        }
    }
    items
}

fn one_file(path: &Path, file: &HttpFile, options: &Options, items: &mut Vec<Item>) {
    let shown = options.shown(path);
    for warning in &file.warnings {
        items.push(Item::Warning(warning.clone()));
    }
    if options.strict && file.editors_only > 0 {
        let what = format!("{shown} has parts that only editors act on, see above");
        let why = Error::new(codes::STRICT, what).fix("remove them, or leave --strict out");
        items.push(Item::Unusable(
            shown.clone(),
            Broken::new(&why, options.colour),
        ));
    }
    let root = crate::site::discover_root(path);
    let place = path.strip_prefix(&root).unwrap_or(path);
    let place = place.display().to_string().replace('\\', "/");
    // Behind all others: a request that is tried once more may change what the next one finds.
    let mut with_faults = Vec::new();
    for (index, request) in file.requests.iter().enumerate() {
        let request = Arc::new(request.clone());
        let plain = Case {
            path: path.to_owned(),
            shown: shown.clone(),
            key: file.key(index),
            request: Arc::clone(&request),
            fault: None,
            place: file.written.clone().map(|written| (written, index)),
        };
        let more = match options.faults {
            true => Fault::all(!request.body.is_empty()),
            false => Vec::new(),
        };
        let faults = file.faults(index, more).into_iter();
        let cases = faults.map(|(key, fault)| Case {
            key,
            fault: Some(fault),
            ..plain.clone()
        });
        let cases = cases.filter(|case| wanted(case, &place, options));
        with_faults.extend(cases.map(Item::Case));
        if wanted(&plain, &place, options) {
            items.push(if request.skip.is_some() {
                Item::Skip(plain)
            } else {
                Item::Case(plain)
            });
        }
    }
    items.extend(with_faults);
    // Only a whole run knows.
    if options.filter.is_none() && options.shard.is_none() {
        items.extend(unreferenced(path, file, options).map(Item::Warning));
    }
}

fn wanted(case: &Case, place: &str, options: &Options) -> bool {
    let marks: String = case
        .request
        .marks
        .iter()
        .map(|mark| format!(" @{mark}"))
        .collect();
    let name = format!("{}{marks}", case.id());
    let fits = |filter: &String| name.contains(filter);
    options.filter.as_ref().is_none_or(fits)
        && options.shard.is_none_or(|s| s.has(place, &case.key))
}

/// Warns of snapshots that no request of the file has.
fn unreferenced(
    path: &Path,
    file: &HttpFile,
    options: &Options,
) -> impl Iterator<Item = String> + use<> {
    let used: HashSet<String> = (0..file.requests.len())
        .map(|i| file.key(i).to_lowercase())
        .collect();
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let prefix = format!("{stem}__");
    let folder = folder_for(path);
    // No folder, no snapshots.
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let folder = options.shown(&folder);
    names.into_iter().filter_map(move |name| {
        let key = name.strip_prefix(&prefix)?.strip_suffix(".snap")?;
        // A key has no `__`: such a snapshot is that of a file with a longer name. Behind `@` stands
        // a fault; those of `--faults` are not tried in every run.
        let mut bases = key.match_indices('@').map(|(at, _)| &key[..at]);
        let is_used = |key: &str| used.contains(&key.to_lowercase());
        let known = key.contains("__") || is_used(key) || bases.any(is_used);
        (!known).then(|| format!("{folder}/{name}: no request has this snapshot"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_divide_all_requests_and_each_is_in_one() {
        let names: Vec<String> = (0..1000).map(|n| format!("request-{n}")).collect();
        let sizes = [1, 2, 3, 4].map(|index| {
            let shard = Shard::parse(&format!("{index}/4")).expect("a part");
            names.iter().filter(|n| shard.has("app/x.http", n)).count()
        });
        assert_eq!(sizes.iter().sum::<usize>(), 1000);
        assert!(
            sizes.iter().all(|size| (150..350).contains(size)),
            "{sizes:?}"
        );
        // Stored runs depend on it: it must never change.
        let second = Shard::parse("2/3").expect("a part");
        let there: Vec<_> = names[..8].iter().map(|n| second.has("x.http", n)).collect();
        assert_eq!(there.len(), 8);
        assert!(Shard::parse("1/1").expect("a part").has("x.http", "a"));
    }

    #[test]
    fn a_part_that_is_none_is_refused() {
        for text in ["", "1", "0/2", "3/2", "1/0", "a/b", "-1/2"] {
            let why = Shard::parse(text).expect_err(text);
            assert_eq!(why.code(), codes::TEST_OPTION);
        }
    }
}
