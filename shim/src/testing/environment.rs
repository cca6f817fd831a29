//! Environments: values of variables that differ from one server to the next, in files that the
//! editors know. `--env NAME` chooses one.
//!
//! `http-client.env.json` and `http-client.private.env.json` (or `http-client.env.json.user`, which
//! Visual Studio has) are looked for in the folder of the request file and then in those above it.
//! The private ones win over the public one, and a name of `$shared` counts in every environment.

use crate::codes;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// What wins comes last.
const FILES: [&str; 3] = [
    "http-client.env.json",
    "http-client.env.json.user",
    "http-client.private.env.json",
];
/// Its variables are those of every environment.
const SHARED: &str = "$shared";

/// The variables of one environment; or none.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct Environment {
    name: Option<String>,
    values: BTreeMap<String, String>,
    /// Variables of other environments, and which one has them: for messages.
    others: BTreeMap<String, String>,
}

impl Environment {
    /// The environment `name` for the request files of a folder. Without a name there are only the
    /// shared variables.
    ///
    /// # Errors
    /// Usage: a file cannot be read or is no JSON of this form, or none has the environment.
    pub fn find(folder: &Path, name: Option<&str>) -> Result<Self> {
        let mut found = Self {
            name: name.map(str::to_owned),
            ..Self::default()
        };
        let mut names = Vec::new();
        for file in FILES {
            let Some(path) = folder
                .ancestors()
                .map(|f| f.join(file))
                .find(|p| p.is_file())
            else {
                continue;
            };
            let text = std::fs::read_to_string(&path)
                .map_err(|why| bad(format!("{} cannot be read: {why}", path.display())))?;
            let all = parse(&path, &text)?;
            names.extend(all.keys().filter(|n| *n != SHARED).cloned());
            found.take(&all, name);
        }
        if let Some(name) = name
            && !names.iter().any(|n| n == name)
        {
            let what = format!("no environment is called `{name}`");
            names.sort();
            names.dedup();
            return Err(bad(what).fix(if names.is_empty() {
                format!("write it to a file {} beside the request file", FILES[0])
            } else {
                format!("there are: {}", names.join(", "))
            }));
        }
        Ok(found)
    }

    fn take(&mut self, all: &Map<String, Value>, name: Option<&str>) {
        for (environment, variables) in all {
            let Value::Object(variables) = variables else {
                continue;
            };
            for (variable, value) in variables {
                if environment != SHARED && Some(environment.as_str()) != name {
                    self.others.insert(variable.clone(), environment.clone());
                } else if environment != SHARED || !is_own(all, name, variable) {
                    self.values.insert(variable.clone(), text(value));
                }
            }
        }
    }

    /// What it is called.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The value of a variable.
    pub fn value(&self, variable: &str) -> Option<&str> {
        self.values.get(variable).map(String::as_str)
    }

    /// Another environment that has the variable.
    pub fn elsewhere(&self, variable: &str) -> Option<&str> {
        self.others.get(variable).map(String::as_str)
    }
}

/// Does the environment itself set what is shared, too? Then its own value counts.
fn is_own(all: &Map<String, Value>, name: Option<&str>, variable: &str) -> bool {
    let own = name.and_then(|name| all.get(name));
    own.is_some_and(|own| own.get(variable).is_some())
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn bad(what: String) -> Error {
    Error::new(codes::BAD_ENVIRONMENT, what)
}

fn parse(path: &Path, text: &str) -> Result<Map<String, Value>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let form = "write `{\"dev\": {\"host\": \"localhost\"}, \"test\": {\"host\": \"server\"}}`";
    let shown = path.display().to_string();
    let value: Value = serde_json::from_str(text).map_err(|why| {
        let before = text
            .split_inclusive('\n')
            .take(why.line().saturating_sub(1));
        let offset = before.map(str::len).sum::<usize>() + why.column().saturating_sub(1);
        let offset = (0..=offset.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at));
        bad(format!("this is no JSON: {why}"))
            .at(&shown, text, offset.unwrap_or_default(), 1)
            .fix(form)
    })?;
    match value {
        Value::Object(all) if all.values().all(Value::is_object) => Ok(all),
        _ => Err(bad(format!(
            "{shown} is no object of environments, each an object of variables"
        ))
        .fix(form)),
    }
}
