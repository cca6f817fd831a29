//! Comments that begin with `@`: what only we know about a request, and every editor passes over.

use super::http_build::Builder;
use super::http_file::HttpRequest;
use super::http_scan::Piece;
use super::redact::Redaction;
use crate::codes;
use crate::error::Result;

impl Builder<'_> {
    /// Reads one of them into the request. Those of others are passed over.
    pub(super) fn directive(&self, piece: Piece<'_>, request: &mut HttpRequest) -> Result<()> {
        let (word, rest) = piece
            .text
            .split_once(|c: char| c.is_whitespace() || c == '=')
            .unwrap_or((piece.text, ""));
        let value = || {
            let before = self.refers_to.borrow().len();
            let value = self.substitute(piece.narrow(rest.trim()))?;
            // What is sent, and how, is decided before anything is answered.
            if word != "server-var" && self.refers_to.borrow().len() > before {
                let what = format!("`@{word}` cannot refer to another request");
                return Err(self
                    .places
                    .error(codes::BAD_REFERENCE, piece, what)
                    .fix("write its value down"));
            }
            Ok(value)
        };
        match word {
            "name" => request.name = Some(self.name(piece, rest)?),
            "skip" => request.skip = Some(value()?),
            "script" => request.script = Some(self.script(piece, &value()?)?),
            "mark" => {
                let marks = value()?;
                let marks = marks.split([',', ' ']).filter(|mark| !mark.is_empty());
                request.marks.extend(marks.map(str::to_owned));
            }
            "expect-abort" => match value()?.parse() {
                Ok(bytes) => request.client_gone = Some(bytes),
                Err(_) => {
                    return Err(self
                        .places
                        .error(codes::BAD_DIRECTIVE, piece, "no number of bytes")
                        .fix("write `# @expect-abort 512`: the client goes away after 512 bytes"));
                }
            },
            "fault" => match value()?.parse() {
                Ok(fault) => request.faults.push(fault),
                Err(why) => {
                    return Err(self.places.error(codes::BAD_DIRECTIVE, piece, why).fix(
                        "write `# @fault client-gone=100`, `write-fails=1`, `short-reads=1`, \
                         `zero-read`, `read-fails`, `small-buffers`, `unknown-variable[=NAME]` \
                         or `unknown-length`",
                    ));
                }
            },
            "record" => {
                for word in value()?.split([',', ' ']).filter(|word| !word.is_empty()) {
                    match word {
                        "host-calls" => request.records.host_calls = true,
                        "stderr" => request.records.stderr = true,
                        _ => {
                            let what = format!("`{word}` is nothing that can be recorded");
                            return Err(self
                                .places
                                .error(codes::BAD_DIRECTIVE, piece, what)
                                .fix("write `# @record stderr` or `# @record host-calls`"));
                        }
                    }
                }
            }
            "shares-state" => request.shares_state = true,
            "server-var" => match value()?.split_once('=') {
                Some((name, value)) if is_variable(name.trim()) => {
                    let name = name.trim().to_ascii_uppercase();
                    request.server_vars.push((name, value.trim().to_owned()));
                }
                _ => {
                    return Err(self
                        .places
                        .error(codes::BAD_DIRECTIVE, piece, "no server variable")
                        .fix("write `# @server-var NAME=VALUE`"));
                }
            },
            // A pattern is full of braces: variables are not looked for in it.
            "redact" => match Redaction::parse(rest.trim()) {
                Ok(redaction) => request.redactions.push(redaction),
                Err(why) => {
                    return Err(self.places.error(codes::BAD_DIRECTIVE, piece, why).fix(
                        "write `# @redact header:Name`, `regex:PATTERN`, `json:$.path`, or one of \
                             `dates`, `cookies`, `guids`, `paths`, `ports`",
                    ));
                }
            },
            // Editors have many more (`@no-log`, `@prompt`, …), and pass over what they do not know.
            _ => {}
        }
        Ok(())
    }

    fn name(&self, piece: Piece<'_>, rest: &str) -> Result<String> {
        let name = rest.trim().trim_start_matches('=').trim();
        let wrong = if name.is_empty() {
            "is empty"
        } else if name.len() > 100 {
            "is longer than 100 bytes"
        } else if name.contains("__") {
            "contains `__`, which divides the file's name from the request's"
        } else if name.contains(['/', '\\', '<', '>', ':', '"', '|', '?', '*'])
            || name.contains(char::is_control)
        {
            "contains a character that no file name may have on Windows"
        } else if name.starts_with('_') {
            "starts with `_`, which would join the `__` before it"
        } else {
            return Ok(name.to_owned());
        };
        Err(self
            .places
            .error(codes::BAD_REQUEST_NAME, piece, format!("the name of a request {wrong}"))
            .fix("the name becomes part of the snapshot's file name: use letters, digits, `-` and `.`"))
    }

    /// The path of a script below the site, with a slash before it.
    fn script(&self, piece: Piece<'_>, text: &str) -> Result<String> {
        let path = text.replace('\\', "/");
        let path = path.trim_start_matches("./").trim_matches('/');
        let odd = |part: &str| part.is_empty() || part == "." || part == "..";
        if path.contains(['?', '#', ':', '%']) || path.split('/').any(odd) {
            return Err(self
                .places
                .error(codes::BAD_DIRECTIVE, piece, "no path of a script")
                .fix("write `# @script app/hello.py`; the path counts from the site's folder"));
        }
        Ok(format!("/{path}"))
    }
}

/// The names that IIS has, as `--server-var` takes them.
fn is_variable(name: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    !name.is_empty() && name.bytes().all(letter)
}
