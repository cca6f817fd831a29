//! Configuration files as IIS layers them, and the handler list that comes of it.

use super::finding::{At, Finding, Report};
use crate::codes;
use crate::error::{Error, Result};
use crate::site::handlers::{Handler, MappingKind, Verbs};
use crate::site::xml::{self, Attribute, Element, Source};
use std::path::Path;

/// A configuration file.
pub(super) struct Document {
    pub(super) file: String,
    pub(super) text: String,
    pub(super) root: Element,
}

impl Document {
    /// # Errors
    /// `ISH0204` where it cannot be read, `ISH0205` for broken XML, `ISH0206` for another root.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let file = path.display().to_string();
        let unreadable = |why: String| {
            Error::new(codes::CONFIG_UNREADABLE, format!("{file} {why}"))
                .fix("name a file that this account may read, in UTF-8 or UTF-16")
        };
        let bytes = std::fs::read(path).map_err(|e| unreadable(format!("cannot be read: {e}")))?;
        let text = xml::decode(&bytes)
            .ok_or_else(|| unreadable("is not in the encoding it says".into()))?;
        let source = Source {
            file: &file,
            text: &text,
        };
        let root = xml::parse(&source)?;
        if root.name != "configuration" {
            let what = format!("the root element is <{}>, not <configuration>", root.name);
            return Err(source.error(codes::CONFIG_VALUE, what, &root.span));
        }
        Ok(Self { file, text, root })
    }

    /// Where something stands.
    fn at(&self, offset: usize) -> At {
        let before = self.text.as_bytes().iter().take(offset);
        At {
            file: self.file.clone(),
            line: Some(before.filter(|b| **b == b'\n').count() + 1),
        }
    }

    pub(super) fn at_element(&self, element: &Element) -> At {
        self.at(element.span.start)
    }

    pub(super) fn at_attribute(&self, attribute: &Attribute) -> At {
        self.at(attribute.span.start)
    }
}

/// The attribute's value without blanks around it; `""` without one.
pub(super) fn value<'e>(element: &'e Element, name: &str) -> &'e str {
    element.attribute(name).map_or("", |a| a.value.trim())
}

/// Whether the attribute is there, and says so or not.
pub(super) fn flag(element: &Element, name: &str) -> Option<bool> {
    let attribute = element.attribute(name)?;
    Some(attribute.value.trim().eq_ignore_ascii_case("true"))
}

/// The elements below `of` that a path such as `security/requestFiltering` leads to.
pub(super) fn below<'e>(of: &'e Element, path: &str) -> Vec<&'e Element> {
    let mut found = vec![of];
    for name in path.split('/') {
        found = found
            .into_iter()
            .flat_map(|element| {
                element
                    .children
                    .iter()
                    .filter(|child| child.name == name)
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    found
}

/// One element that holds sections: a whole file, or a `<location>` in it.
#[derive(Clone, Copy)]
pub(super) struct Layer<'d> {
    pub(super) document: &'d Document,
    pub(super) holder: &'d Element,
}

impl<'d> Layer<'d> {
    /// Those of a file that count for `path` (`Shop/api`; empty for what counts for the file's own
    /// scope), the most general first.
    pub(super) fn of(document: &'d Document, path: &str) -> Vec<Self> {
        let mut layers = vec![Self {
            document,
            holder: &document.root,
        }];
        let location = |wanted: &str| {
            document
                .root
                .children("location")
                .filter(move |l| {
                    let path = value(l, "path");
                    let path = if path == "." {
                        ""
                    } else {
                        path.trim_matches('/')
                    };
                    path.eq_ignore_ascii_case(wanted)
                })
                .collect::<Vec<_>>()
        };
        let mut scopes = vec![String::new()];
        let mut scope = String::new();
        for part in path.split('/').filter(|part| !part.is_empty()) {
            if !scope.is_empty() {
                scope.push('/');
            }
            scope.push_str(part);
            scopes.push(scope.clone());
        }
        for scope in scopes {
            layers.extend(
                location(&scope)
                    .into_iter()
                    .map(|holder| Self { document, holder }),
            );
        }
        layers
    }

    /// Its sections of that path below `system.webServer`.
    pub(super) fn sections(&self, path: &str) -> Vec<&'d Element> {
        let holder: &'d Element = self.holder;
        below(holder, &format!("system.webServer/{path}"))
    }
}

/// A row of the handler list.
pub(super) struct Row<'d> {
    pub(super) handler: Handler,
    pub(super) modules: Vec<String>,
    /// `None` for the row for static files that every server has, where its file is not given.
    origin: Option<(&'d Document, &'d Element)>,
}

impl<'d> Row<'d> {
    fn new(document: &'d Document, element: &'d Element) -> Self {
        let list = |name: &str| -> Vec<String> {
            let parts = value(element, name).split(',').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let verbs = Verbs::parse(value(element, "verb")).unwrap_or(Verbs::All);
        let handler = Handler::extension(value(element, "name"), value(element, "path"));
        Self {
            handler: Handler { verbs, ..handler },
            modules: list("modules"),
            origin: Some((document, element)),
        }
    }

    /// The one for static files that ends the list of every server.
    fn inherited_static() -> Self {
        Self {
            handler: Handler::static_file(),
            modules: vec!["StaticFileModule".into()],
            origin: None,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.handler.name
    }

    /// An attribute's text; `""` without it.
    pub(super) fn value(&self, name: &str) -> &'d str {
        self.origin.map_or("", |(_, element)| value(element, name))
    }

    /// Where it stands.
    pub(super) fn at(&self) -> Option<At> {
        self.origin
            .map(|(document, element)| document.at_element(element))
    }

    /// Where an attribute stands; the row where it has none of that name.
    pub(super) fn at_value(&self, name: &str) -> Option<At> {
        let (document, element) = self.origin?;
        let attribute = element.attribute(name);
        attribute
            .map(|a| document.at_attribute(a))
            .or_else(|| self.at())
    }

    pub(super) fn processor(&self) -> &'d str {
        self.value("scriptProcessor")
    }

    pub(super) fn has_module(&self, name: &str) -> bool {
        self.modules
            .iter()
            .any(|module| module.eq_ignore_ascii_case(name))
    }

    /// What it is for URLs in general.
    pub(super) fn kind(&self) -> MappingKind {
        let pattern = self.handler.pattern.as_str();
        match () {
            () if pattern
                .split(',')
                .any(|p| p.trim() == "*" || p.trim().ends_with("/*")) =>
            {
                MappingKind::Wildcard
            }
            () if pattern.to_ascii_lowercase().ends_with(".dll") => MappingKind::Direct,
            () => MappingKind::ScriptMap,
        }
    }

    /// It leads to PyISAPIe.dll, or is meant to.
    pub(super) fn is_ours(&self) -> bool {
        if self.processor().to_ascii_lowercase().contains("pyisapie") {
            return true;
        }
        let processor = super::paths::file_name(self.processor()).to_ascii_lowercase();
        self.has_module("IsapiModule")
            && self.kind() == MappingKind::ScriptMap
            && self.handler.fit("/x.py", &|_| false).is_some()
            && (processor.is_empty() || processor.ends_with(".dll"))
    }
}

/// The handler list of the site in IIS's order: rows of a lower level stand before what it
/// inherits.
pub(super) fn handlers<'d>(
    layers: &[Layer<'d>],
    host_is_given: bool,
    report: &mut Report,
) -> Vec<Row<'d>> {
    let mut list: Vec<Row<'d>> = Vec::new();
    if !host_is_given {
        list.push(Row::inherited_static());
    }
    for layer in layers {
        let mut own: Vec<Row<'d>> = Vec::new();
        for child in layer
            .sections("handlers")
            .into_iter()
            .flat_map(|section| &section.children)
        {
            let name = value(child, "name");
            let is = |row: &Row<'_>| row.name().eq_ignore_ascii_case(name);
            match child.name.as_str() {
                "clear" => {
                    own.clear();
                    list.clear();
                }
                "remove" => {
                    own.retain(|row| !is(row));
                    list.retain(|row| !is(row));
                }
                "add" => {
                    if own.iter().chain(&list).any(is) {
                        report.add(
                            Finding::error(
                                codes::IIS_DUPLICATE,
                                format!("the handler {name:?} is inherited already"),
                            )
                            .at(layer.document.at_element(child))
                            .symptom("500.19 with 0x800700b7 for the whole site")
                            .cure(format!(
                                "put <remove name=\"{name}\" /> before it, or give it another name"
                            )),
                        );
                    }
                    own.push(Row::new(layer.document, child));
                }
                _ => {}
            }
        }
        own.append(&mut list);
        list = own;
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(dir: &tempfile::TempDir, name: &str, text: &str) -> Document {
        let file = dir.path().join(name);
        std::fs::write(&file, format!("<configuration>{text}</configuration>")).unwrap();
        Document::read(&file).unwrap()
    }

    fn section(rows: &str) -> String {
        format!("<system.webServer><handlers>{rows}</handlers></system.webServer>")
    }

    fn row(name: &str) -> String {
        format!("<add name='{name}' path='*' verb='*' modules='IsapiModule' />")
    }

    fn names(layers: &[Layer<'_>], host: bool) -> (Vec<String>, usize) {
        let mut report = Report::default();
        let rows = handlers(layers, host, &mut report);
        let names = rows.iter().map(|row| row.name().to_owned()).collect();
        (names, report.findings.len())
    }

    #[test]
    fn a_lower_level_stands_before_what_it_inherits() {
        let dir = tempfile::TempDir::new().unwrap();
        let host = [
            section(&row("server")),
            format!("<location path=''>{}</location>", section(&row("all"))),
            format!(
                "<location path='shop/'>{}</location>",
                section(&row("site"))
            ),
            format!(
                "<location path='Shop/api'>{}</location>",
                section(&row("app"))
            ),
            format!(
                "<location path='Other'>{}</location>",
                section(&row("other"))
            ),
        ];
        let host = document(&dir, "host", &host.concat());
        let web = document(&dir, "web", &section(&(row("one") + &row("two"))));
        let mut layers = Layer::of(&host, "Shop/api");
        layers.extend(Layer::of(&web, ""));
        let expected = ["one", "two", "app", "site", "all", "server"];
        assert_eq!(
            names(&layers, true),
            (expected.map(String::from).to_vec(), 0)
        );
    }

    #[test]
    fn clear_and_remove_reach_what_is_inherited() {
        let dir = tempfile::TempDir::new().unwrap();
        let host = document(&dir, "host", &section(&(row("a") + &row("b"))));
        let remove = document(&dir, "remove", &section("<remove name='A' />"));
        let clear = document(
            &dir,
            "clear",
            &section(&("<clear />".to_owned() + &row("c"))),
        );
        let of = |web| [Layer::of(&host, ""), Layer::of(web, "")].concat();
        assert_eq!(names(&of(&remove), true), (vec!["b".into()], 0));
        assert_eq!(names(&of(&clear), true), (vec!["c".into()], 0));
    }

    #[test]
    fn without_the_servers_file_there_is_its_row_for_static_files() {
        let dir = tempfile::TempDir::new().unwrap();
        let web = document(&dir, "web", &section(&row("own")));
        let expected = (vec!["own".into(), "StaticFile".into()], 0);
        assert_eq!(names(&Layer::of(&web, ""), false), expected);
        let twice = document(&dir, "twice", &section(&row("staticfile")));
        assert_eq!(names(&Layer::of(&twice, ""), false).1, 1);
    }

    #[test]
    fn a_place_is_a_line_counted_from_1() {
        let dir = tempfile::TempDir::new().unwrap();
        let web = document(&dir, "web", "\n\n<a\n b='c' />");
        let element = &web.root.children[0];
        assert_eq!(web.at_element(element).line, Some(3));
        assert_eq!(web.at_attribute(&element.attributes[0]).line, Some(4));
    }
}
