//! Finds values in a JSON text by a path, and gives their places: what is not redacted stays as it
//! was written, which no parsing and writing anew would promise.

use std::ops::Range;

/// Deeper ones are not looked into.
const DEEPEST: usize = 128;

/// `$.name`, `$['name']`, `$[0]`, `$[*]`, `$.*` and `$..name`, one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonPath(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(usize),
    Any,
    /// Any number of steps.
    Below,
}

enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no JSON path: write `$.user.id` or `$.items[*].id`");
        let mut rest = text.strip_prefix('$').ok_or_else(wrong)?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (step, behind) = bracket(inside).ok_or_else(wrong)?;
                steps.push(step);
                rest = behind;
                continue;
            }
            rest = rest.strip_prefix('.').ok_or_else(wrong)?;
            if let Some(behind) = rest.strip_prefix('.') {
                steps.push(Step::Below);
                rest = behind;
                if rest.starts_with('[') {
                    continue;
                }
            }
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, behind) = rest.split_at(end);
            match name {
                "" => return Err(wrong()),
                "*" => steps.push(Step::Any),
                name => steps.push(Step::Name(name.to_owned())),
            }
            rest = behind;
        }
        if steps.is_empty() || steps.last() == Some(&Step::Below) {
            return Err(wrong());
        }
        Ok(Self(steps))
    }

    /// The same, where `$` alone is a path: the whole value.
    ///
    /// # Errors
    /// As [`JsonPath::parse`].
    pub fn parse_whole(text: &str) -> Result<Self, String> {
        match text {
            "$" => Ok(Self(Vec::new())),
            text => Self::parse(text),
        }
    }

    /// Where the values are, in order, none within another. Nothing in what is no JSON.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        // A judge that allows nothing JSON does not: the walk below may then be simple.
        if serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
            return Vec::new();
        }
        let mut walk = Walk {
            text,
            at: 0,
            found: Vec::new(),
        };
        walk.value(&[&self.0], 0);
        walk.found
    }
}

fn bracket(inside: &str) -> Option<(Step, &str)> {
    let first = inside.chars().next()?;
    if first == '\'' || first == '"' {
        let (name, behind) = inside[1..].split_once(first)?;
        return Some((Step::Name(name.to_owned()), behind.strip_prefix(']')?));
    }
    let (index, behind) = inside.split_once(']')?;
    let step = match index {
        "*" => Step::Any,
        index => Step::Index(index.parse().ok()?),
    };
    Some((step, behind))
}

/// What is left of the paths behind one key. Empty ones are at their end: the value is meant.
fn advance<'a>(paths: &[&'a [Step]], key: &Key<'_>) -> Vec<&'a [Step]> {
    let mut left = Vec::new();
    for path in paths {
        let mut path = *path;
        if let [Step::Below, rest @ ..] = path {
            left.push(path);
            path = rest;
        }
        let fits = match (path.first(), key) {
            (Some(Step::Any), _) => true,
            (Some(Step::Name(name)), Key::Name(key)) => name == key,
            (Some(Step::Index(index)), Key::Index(key)) => index == key,
            _ => false,
        };
        if fits {
            left.push(&path[1..]);
        }
    }
    left
}

/// A walk over a text that is known to be JSON.
struct Walk<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Range<usize>>,
}

impl Walk<'_> {
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn blanks(&mut self) {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
    }

    fn value(&mut self, paths: &[&[Step]], depth: usize) {
        self.blanks();
        let start = self.at;
        let meant = paths.iter().any(|path| path.is_empty());
        let below = if meant || depth > DEEPEST { &[] } else { paths };
        match self.peek() {
            b'{' | b'[' if below.is_empty() => self.skip(),
            b'{' => self.members(below, depth, b'}'),
            b'[' => self.members(below, depth, b']'),
            b'"' => self.string(),
            _ => {
                while !matches!(self.peek(), 0 | b',' | b']' | b'}')
                    && !self.peek().is_ascii_whitespace()
                {
                    self.at += 1;
                }
            }
        }
        if meant {
            self.found.push(start..self.at);
        }
    }

    /// Goes past an object or a list, however deep: a response may be deeper than a stack.
    fn skip(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.peek() {
                0 => return,
                b'"' => {
                    self.string();
                    continue;
                }
                b'{' | b'[' => open += 1,
                b'}' | b']' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    fn members(&mut self, paths: &[&[Step]], depth: usize, end: u8) {
        self.at += 1;
        let mut index = 0;
        loop {
            self.blanks();
            match self.peek() {
                0 => return,
                c if c == end => {
                    self.at += 1;
                    return;
                }
                b',' => {
                    self.at += 1;
                    index += 1;
                    continue;
                }
                _ => {}
            }
            if end == b']' {
                self.value(&advance(paths, &Key::Index(index)), depth + 1);
                continue;
            }
            let start = self.at;
            self.string();
            let name: String = serde_json::from_str(&self.text[start..self.at]).unwrap_or_default();
            self.blanks();
            self.at += 1; // the colon
            self.value(&advance(paths, &Key::Name(&name)), depth + 1);
        }
    }

    fn string(&mut self) {
        self.at += 1;
        while !matches!(self.peek(), 0 | b'"') {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at = (self.at + 1).min(self.text.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(path: &str, text: &'a str) -> Vec<&'a str> {
        let places = JsonPath::parse(path).expect(path).find(text);
        places.into_iter().map(|place| &text[place]).collect()
    }

    #[test]
    fn no_depth_is_too_deep() {
        let deep = "[".repeat(1_000_000) + "\"]\"" + &"]".repeat(1_000_000);
        assert_eq!(found("$..id", &deep), [""; 0]);
        let text = format!(r#"{{"a": {deep}, "id": 1, "b": {deep}}}"#);
        assert_eq!(found("$.id", &text), ["1"]);
        assert_eq!(found("$.a", &text), [&deep]);
    }

    #[test]
    fn values_are_found_by_name_index_star_and_depth() {
        let text = r#"{ "a": {"id": 1, "b c": [true, {"id": "x\"}"}]}, "id":null }"#;
        assert_eq!(found("$.a.id", text), ["1"]);
        assert_eq!(found("$.a['b c'][0]", text), ["true"]);
        assert_eq!(found("$.a['b c'][*].id", text), [r#""x\"}""#]);
        assert_eq!(found("$..id", text), ["1", r#""x\"}""#, "null"]);
        assert_eq!(found("$.*", text).len(), 2);
        assert_eq!(found("$..[1].id", text), [r#""x\"}""#]);
        assert_eq!(found("$.gone", text), [""; 0]);
    }

    #[test]
    fn a_value_that_is_meant_is_taken_whole() {
        assert_eq!(found("$..a", r#"{"a": {"a": 1}}"#), [r#"{"a": 1}"#]);
    }

    #[test]
    fn nothing_is_found_in_what_is_no_json() {
        assert_eq!(found("$.a", r#"{"a": 1} and more"#), [""; 0]);
        assert_eq!(found("$.a", "<p>"), [""; 0]);
    }

    #[test]
    fn paths_that_are_none_are_refused() {
        for path in ["", "$", "a.b", "$.", "$..", "$[x]", "$['a", "$a"] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_walk_panic(text in "[\\[\\]{}\",:\\\\a1 é]{0,30}", path in "\\$[.a\\[\\]*0']{1,8}") {
            if let Ok(path) = JsonPath::parse(&path) {
                for place in path.find(&text) {
                    proptest::prop_assert!(text.get(place).is_some());
                }
            }
        }
    }
}
