//! What the host printed, read back.

/// What a run of the host printed.
#[derive(Debug)]
pub struct Ran {
    /// The requests, in the order in which they were printed.
    pub answers: Vec<Answer>,
    /// Every other line: `version TRUE 6.0 ...`, `terminate TRUE`, `null 4`, `storm ...`.
    pub lines: Vec<String>,
    /// Standard error: the host's complaints, and the extension's log where it has no file.
    pub err: String,
}

/// One request, as the host saw it from the other side.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// What the extension gave as the status: `200 OK`. Empty: no headers were sent.
    pub status: String,
    /// The header lines.
    pub headers: Vec<(String, String)>,
    /// `fKeepConn`, as it was sent with the headers.
    pub keep: Option<bool>,
    /// What `WriteClient` took, call by call.
    pub writes: Vec<Vec<u8>>,
    /// What `HttpExtensionProc` returned.
    pub returned: u32,
    /// What `DONE_WITH_SESSION` said, if the request was pending.
    pub done: Option<u32>,
    /// `dwHttpStatusCode` at the end.
    pub http: u32,
    /// `lpszLogData` at the end.
    pub log: String,
    /// Every event, in order, as it was printed.
    pub events: Vec<String>,
}

/// HSE_STATUS_SUCCESS
pub const SUCCESS: u32 = 1;
/// HSE_STATUS_SUCCESS_AND_KEEP_CONN
pub const KEEP: u32 = 2;
/// HSE_STATUS_PENDING
pub const PENDING: u32 = 3;
/// HSE_STATUS_ERROR
pub const ERROR: u32 = 4;

impl Ran {
    pub(super) fn parse(out: &str, err: String) -> Self {
        let (mut answers, mut lines, mut current) = (Vec::new(), Vec::new(), None);
        for line in out.lines() {
            if line.starts_with("request ") {
                assert!(current.is_none(), "a request within another:\n{out}");
                current = Some(Answer::default());
            } else if line == "end" {
                answers.extend(current.take());
            } else if let Some(answer) = &mut current {
                answer.line(line);
            } else {
                lines.push(line.to_owned());
            }
        }
        assert!(current.is_none(), "the last request has no end:\n{out}");
        Self {
            answers,
            lines,
            err,
        }
    }

    /// The answer to the only request.
    ///
    /// # Panics
    /// There were more, or none.
    pub fn only(mut self) -> Answer {
        assert_eq!(self.answers.len(), 1, "{self:#?}");
        self.answers.pop().expect("there is one")
    }

    /// Whether the host printed this line.
    pub fn has(&self, line: &str) -> bool {
        self.lines.iter().any(|l| l == line)
    }
}

impl Answer {
    fn line(&mut self, line: &str) {
        self.events.push(line.to_owned());
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "status" => self.status = rest.to_owned(),
            "keep" => self.keep = Some(rest == "1"),
            "write" => self.writes.push(unescaped(rest)),
            "returned" => self.returned = number(rest),
            "done" => self.done = Some(number(rest)),
            "http" => self.http = number(rest),
            "log" => self.log = rest.to_owned(),
            "head" => {
                let text: String = unescaped(rest).into_iter().map(char::from).collect();
                let block = text.strip_suffix("\r\n\r\n").unwrap_or(&text);
                for line in block.split("\r\n").filter(|l| !l.is_empty()) {
                    let header = line.split_once(':');
                    let (name, value) = header.unwrap_or_else(|| panic!("no header: {line}"));
                    self.headers
                        .push((name.to_owned(), value.trim().to_owned()));
                }
            }
            _ => {}
        }
    }

    /// A header's only value.
    ///
    /// # Panics
    /// It was sent more than once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self
            .headers
            .iter()
            .filter(|(n, _)| n.eq_ignore_ascii_case(name));
        let first = values.next().map(|(_, value)| value.as_str());
        assert!(values.next().is_none(), "{name} twice: {:?}", self.headers);
        first
    }

    /// What went over the wire behind the headers.
    pub fn raw(&self) -> Vec<u8> {
        self.writes.concat()
    }

    /// What the extension did against the rules, by the host's judgement.
    pub fn problems(&self) -> Vec<&str> {
        self.events
            .iter()
            .filter_map(|event| event.strip_prefix("problem "))
            .collect()
    }

    /// How often `ServerSupportFunction` was called with this request.
    pub fn support(&self, request: u32) -> usize {
        let call = format!("call ServerSupportFunction {request}");
        let same = |event: &&String| {
            event
                .strip_prefix(&call)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        self.events.iter().filter(same).count()
    }

    /// Where an event is that begins so.
    pub fn at(&self, event: &str) -> Option<usize> {
        self.events.iter().position(|e| e.starts_with(event))
    }

    /// The body of a response that a client can tell to be whole: by a length, by chunks and their
    /// end, or by the connection's end.
    ///
    /// # Panics
    /// It could not, or the extension broke a rule on the way.
    pub fn whole(&self) -> Vec<u8> {
        assert_eq!(self.problems(), [""; 0], "{:#?}", self.events);
        let (raw, keep) = (self.raw(), self.keep.expect("headers were sent"));
        match (
            self.header("Content-Length"),
            self.header("Transfer-Encoding"),
        ) {
            (Some(length), None) => {
                assert_eq!(length, raw.len().to_string(), "{:#?}", self.events);
                raw
            }
            (None, Some("chunked")) => unchunked(&raw),
            (None, None) => {
                assert!(!keep, "nothing ends the body: {:#?}", self.events);
                raw
            }
            framing => panic!("{framing:?}"),
        }
    }

    /// As [`Answer::whole`], as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.whole()).expect("UTF-8")
    }
}

fn number(text: &str) -> u32 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'x') => {
                let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                out.push(u8::from_str_radix(&hex, 16).expect("two digits"));
            }
            other => out.push(other.expect("a whole escape")),
        }
    }
    out
}

fn unchunked(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n");
        let (size, after) = rest.split_at(end.expect("a chunk's size has an end"));
        let size = std::str::from_utf8(size).expect("hexadecimal");
        // What stands behind a semicolon means nothing.
        let size = size.split(';').next().unwrap_or_default();
        let size = usize::from_str_radix(size, 16).expect("hexadecimal");
        let (chunk, after) = after[2..].split_at(size);
        body.extend_from_slice(chunk);
        rest = after.strip_prefix(b"\r\n").expect("a chunk's end");
        if size == 0 {
            assert!(rest.is_empty(), "bytes behind the last chunk");
            return body;
        }
    }
}
