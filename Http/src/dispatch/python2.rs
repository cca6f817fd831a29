//! Tells a script in Python 2 from one with a plain mistake, and names the Python 3 form.

use pyo3::prelude::*;

/// A sentence for a `SyntaxError` whose line is Python 2.
pub(super) fn hint(py: Python<'_>, error: &PyErr) -> Option<String> {
    let value = error.value(py);
    let line: String = value.getattr("text").ok()?.extract().ok()?;
    let number: usize = value.getattr("lineno").ok()?.extract().ok()?;
    let form = python3_form(line.trim())?;
    Some(format!(
        "\nLine {number} is Python 2: {}\nIn Python 3 write: {form}\nThe porting guide lists the \
         rest, and `2to3` or `python-modernize` change whole files.",
        line.trim()
    ))
}

/// How the line is written in Python 3, or roughly so; `None` where it does not look like
/// Python 2. Patterns, not a parser: a wrong guess would cost trust, so each is narrow.
fn python3_form(line: &str) -> Option<String> {
    if let Some(rest) = statement(line, "print") {
        if let Some((target, text)) = rest.strip_prefix(">>").and_then(|r| r.split_once(',')) {
            return Some(format!("print({}, file={})", text.trim(), target.trim()));
        }
        return Some(match rest.strip_suffix(',') {
            Some(open) => format!("print({}, end=\" \")", open.trim_end()),
            None => format!("print({rest})"),
        });
    }
    if let Some(rest) = statement(line, "exec") {
        return Some(match rest.split_once(" in ") {
            Some((code, scope)) => format!("exec({}, {})", code.trim(), scope.trim()),
            None => format!("exec({rest})"),
        });
    }
    if let Some(rest) = words(line, "except")
        && let Some((kind, name)) = rest.trim_end_matches(':').rsplit_once(',')
        && is_name(name.trim())
    {
        return Some(format!("except {} as {}:", kind.trim(), name.trim()));
    }
    if let Some(rest) = statement(line, "raise")
        && let Some((kind, text)) = rest.split_once(',')
        && kind
            .trim()
            .chars()
            .all(|c| c.is_alphanumeric() || "._".contains(c))
    {
        return Some(format!("raise {}({})", kind.trim(), text.trim()));
    }
    // What follows may stand in any text; where there is one, nothing is said.
    if line.contains(['"', '\'', '#']) {
        return old_string(line);
    }
    if line.contains("<>") {
        return Some(line.replace("<>", "!="));
    }
    let quoted: Vec<&str> = line.split('`').collect();
    if quoted.len() == 3 {
        return Some(format!("{}repr({}){}", quoted[0], quoted[1], quoted[2]));
    }
    old_number(line)
}

/// `ur"..."` where an expression may begin.
fn old_string(line: &str) -> Option<String> {
    for prefix in ["ur\"", "ur'"] {
        let Some(found) = line.find(prefix) else {
            continue;
        };
        let before = &line[..found];
        if !before.contains(['"', '\'']) && !before.ends_with(|c: char| c.is_alphanumeric()) {
            return Some(line.replacen(prefix, &prefix[1..], 1));
        }
    }
    None
}

/// The rest of a line that begins with `keyword` and a blank.
fn words<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    let rest = line.strip_prefix(keyword)?;
    let blank = rest.starts_with([' ', '\t']);
    Some(rest.trim()).filter(|rest| blank && !rest.is_empty())
}

/// As [`words`], where no parenthesis or equals sign follows: those would be Python 3 too.
fn statement<'a>(line: &'a str, keyword: &str) -> Option<&'a str> {
    words(line, keyword).filter(|rest| !rest.starts_with(['(', '=']))
}

fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

/// `0755` and `10L`.
fn old_number(line: &str) -> Option<String> {
    for word in line.split(|c: char| !c.is_alphanumeric()) {
        let digits = word.trim_end_matches(['L', 'l']);
        let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if all_digits && digits.len() < word.len() {
            return Some(line.replacen(word, digits, 1));
        }
        if all_digits && digits.len() > 1 && digits.starts_with('0') {
            let octal = format!("0o{}", digits.trim_start_matches('0'));
            return Some(line.replacen(word, &octal, 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::python3_form;

    #[test]
    fn python_2_statements_are_told_with_their_python_3_form() {
        for (two, three) in [
            ("print \"Hello\"", "print(\"Hello\")"),
            ("print x,", "print(x, end=\" \")"),
            ("print >>sys.stderr, x", "print(x, file=sys.stderr)"),
            ("except ValueError, e:", "except ValueError as e:"),
            ("except (A, B), e:", "except (A, B) as e:"),
            ("raise ValueError, \"bad\"", "raise ValueError(\"bad\")"),
            ("exec code in scope", "exec(code, scope)"),
            ("if a <> b:", "if a != b:"),
            ("x = `y`", "x = repr(y)"),
            ("os.chmod(f, 0755)", "os.chmod(f, 0o755)"),
            ("n = 10L", "n = 10"),
            ("s = ur\"a\"", "s = r\"a\""),
        ] {
            assert_eq!(python3_form(two).as_deref(), Some(three), "{two}");
        }
    }

    #[test]
    fn plain_mistakes_are_not_called_python_2() {
        for line in [
            "print(\"a\"",
            "def f(:",
            "x = = 1",
            "Write(\"agent 007 says\" \"x\" 5)",
            "x = \"use <> here\" 5",
            "x = 1 2 # was <> before",
            "except (A, B):",
            "raise X(",
            "a = [1, 2",
        ] {
            assert_eq!(python3_form(line), None, "{line}");
        }
    }
}
