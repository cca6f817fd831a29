//! Bodies of requests: lines, files, forms and multipart.

use super::http_build::Builder;
use super::http_file::HttpRequest;
use super::http_scan::{Piece, RawRequest};
use crate::codes;
use crate::error::Result;
use crate::headers;

impl Builder<'_> {
    /// The bytes to send.
    pub(super) fn body(&mut self, raw: &RawRequest<'_>, request: &HttpRequest) -> Result<Vec<u8>> {
        let used = raw
            .body
            .iter()
            .rposition(|l| !l.text.is_empty())
            .map_or(0, |last| last + 1);
        let lines = &raw.body[..used];
        if let Some(first) = lines.first()
            && matches!(request.method.as_str(), "GET" | "HEAD")
            && first.text.starts_with('#')
        {
            let what = "this is sent as a body: a comment belongs above the request line";
            self.warnings.push((first.line, what.into()));
        }
        let kind = headers::value(&request.headers, "content-type");
        let kind = kind.map(|v| v.to_ascii_lowercase()).unwrap_or_default();
        // As the editors do: parts of a multipart body are divided by CRLF, and a form may be
        // written with one field per line.
        let end: &[u8] = if kind.starts_with("multipart/") {
            b"\r\n"
        } else {
            b"\n"
        };
        let form = kind.starts_with("application/x-www-form-urlencoded");
        let mut body = Vec::new();
        for (index, line) in lines.iter().enumerate() {
            if index > 0 && !(form && line.text.starts_with('&')) {
                body.extend_from_slice(end);
            }
            match line.text.strip_prefix("< ") {
                Some(path) => body.extend(self.body_file(line.narrow(path.trim()))?),
                None => {
                    if line.text.starts_with("<@") {
                        let what = "`<@` is sent as written: use `< file`, without variables";
                        self.warnings.push((line.line, what.into()));
                    }
                    body.extend_from_slice(self.substitute(*line)?.as_bytes());
                }
            }
        }
        Ok(body)
    }

    fn body_file(&self, piece: Piece<'_>) -> Result<Vec<u8>> {
        let name = self.substitute(piece)?;
        let mut path = self.folder.join(&name);
        // Written on Windows, run on Linux.
        if !cfg!(windows) && name.contains('\\') && !path.exists() {
            path = self.folder.join(name.replace('\\', "/"));
        }
        std::fs::read(&path).map_err(|why| {
            let what = format!("{} cannot be read: {why}", path.display());
            self.places
                .error(codes::BODY_FILE_UNREADABLE, piece, what)
                .fix("the path counts from the folder of the request file")
        })
    }
}
