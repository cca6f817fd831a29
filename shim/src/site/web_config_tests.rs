//! What is taken from a `web.config`, and what it is refused for.

use super::*;
use crate::site::handlers::{Kind, ResourceType, Verbs};

fn wrap(rows: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<configuration>\n<system.webServer>\n{rows}\n</system.webServer>\n</configuration>\n"
    )
}

fn read(rows: &str) -> Result<WebConfig> {
    WebConfig::parse("web.config", &wrap(rows))
}

fn handlers(rows: &str) -> Result<WebConfig> {
    read(&format!("<handlers>{rows}</handlers>"))
}

#[test]
fn script_map_is_read_with_all_its_attributes() {
    let config = handlers(
        r#"<add name="PyISAPIe" path="*.py" verb="GET,POST" modules="IsapiModule"
            scriptProcessor="C:\PyISAPIe\PyISAPIe.dll" resourceType="File" requireAccess="Execute"
            allowPathInfo="true" preCondition="bitness64" responseBufferLimit="0" />"#,
    )
    .unwrap();
    let expected = Handler {
        verbs: Verbs::parse("GET,POST").unwrap(),
        resource_type: ResourceType::File,
        require_access: Access::Execute,
        allow_path_info: true,
        response_buffer_limit: 0,
        ..Handler::extension("PyISAPIe", "*.py")
    };
    assert_eq!(config.handlers, [expected]);
    assert!(config.inherits_static);
    let maps = "the handler \"PyISAPIe\" maps *.py for GET, POST to the extension";
    assert_eq!(
        config.notes,
        [
            maps,
            "preCondition \"bitness64\" of \"PyISAPIe\" is taken as met"
        ]
    );
}

#[test]
fn handlers_of_other_modules_are_skipped_with_a_note() {
    let config = handlers(
        r#"<add name="cgi" path="*.pl" verb="*" modules="CgiModule" scriptProcessor="perl.exe" />
           <add name="net" path="*.axd" verb="*" type="Some.Type" />
           <add name="files" path="*.css" verb="*" modules="StaticFileModule,DefaultDocumentModule" />
           <add name="old" path="*.py" verb="*" modules="IsapiModule" scriptProcessor="C:\asp.dll" />"#,
    )
    .unwrap();
    let kinds: Vec<_> = config
        .handlers
        .iter()
        .map(|h| (h.name.as_str(), h.kind))
        .collect();
    assert_eq!(
        kinds,
        [("files", Kind::StaticFile), ("old", Kind::Extension)]
    );
    assert!(config.notes[0].contains("\"cgi\" for *.pl is skipped: CgiModule"));
    assert!(config.notes[1].contains("managed code"));
    assert!(
        config.notes[4].contains("taken as the extension of this host"),
        "{:?}",
        config.notes
    );
}

#[test]
fn clear_and_remove_take_the_servers_static_handler_away() {
    assert!(!handlers("<clear/>").unwrap().inherits_static);
    assert!(
        !handlers("<remove name='StaticFile'/>")
            .unwrap()
            .inherits_static
    );
    assert!(handlers("<remove name='WebDAV'/>").unwrap().inherits_static);
    let row = "<add name='a' path='*.a' verb='*' modules='IsapiModule'/>";
    let config = handlers(&format!("{row}<remove name='A'/>{row}")).unwrap();
    assert_eq!(config.handlers.len(), 1);
}

#[test]
fn access_policy_is_read() {
    let config = read("<handlers accessPolicy=\"Read, Execute\"/>").unwrap();
    assert_eq!(
        config.access_policy,
        AccessPolicy(vec![Access::Read, Access::Execute])
    );
    let none = read("<handlers accessPolicy=\"None\"/>").unwrap();
    assert_eq!(none.access_policy, AccessPolicy(vec![]));
}

#[test]
fn own_default_documents_come_first() {
    let files = "<defaultDocument><files><remove value='Default.asp'/><add value='home.py'/>\
                 <add value='index.py'/></files></defaultDocument>";
    let documents = read(files).unwrap().default_documents;
    assert_eq!(documents[..3], ["home.py", "index.py", "Default.htm"]);
    assert!(!documents.iter().any(|d| d == "Default.asp"));
    assert_eq!(documents.iter().filter(|d| *d == "index.py").count(), 1);
    let off = read("<defaultDocument enabled='false'/>").unwrap();
    assert!(off.default_documents.is_empty());
    let own = "<defaultDocument><files><clear/><add value='x.py'/></files></defaultDocument>";
    assert_eq!(read(own).unwrap().default_documents, ["x.py"]);
}

#[test]
fn content_types_and_request_filtering_are_read() {
    let config = read(
        "<staticContent><remove fileExtension='.json'/><mimeMap fileExtension='.md' mimeType='text/x'/>\
         </staticContent><security><requestFiltering allowDoubleEscaping='true'>\
         <requestLimits maxAllowedContentLength='17' maxUrl='18' maxQueryString='19'/>\
         <hiddenSegments><remove segment='BIN'/><add segment='secret'/></hiddenSegments>\
         </requestFiltering></security>",
    )
    .unwrap();
    assert_eq!(config.mime.of("a.md").as_deref(), Some("text/x"));
    assert_eq!(config.mime.of("a.json"), None);
    let filtering = &config.filtering;
    assert_eq!(
        (
            config.max_content_length,
            filtering.max_url,
            filtering.max_query_string
        ),
        (17, 18, 19)
    );
    assert!(filtering.allow_double_escaping);
    assert_eq!(filtering.hidden_segments[0], "secret");
    assert!(!filtering.hidden_segments.iter().any(|s| s == "bin"));
}

#[test]
fn locations_other_than_the_root_are_skipped_with_a_note() {
    let inner = |path: &str| {
        let web = "<system.webServer><handlers><clear/></handlers></system.webServer>";
        let text = format!("<configuration><location{path}>{web}</location></configuration>");
        WebConfig::parse("web.config", &text).unwrap()
    };
    let other = inner(" path='admin'");
    assert!(other.inherits_static);
    assert_eq!(
        other.notes,
        ["<location path=\"admin\"> is not followed here"]
    );
    assert!(!inner(" path='.' inheritInChildApplications='false'").inherits_static);
    assert!(!inner("").inherits_static);
}

#[test]
fn what_iis_refuses_is_an_error_that_points_at_the_spot() {
    let row =
        |rest: &str| format!("<handlers><add name='h' path='*.py' verb='*' {rest}/></handlers>");
    let mapped = "<mimeMap fileExtension='.a' mimeType='b'/>";
    for (rows, code, mark) in [
        (row("resourceType='Fil'"), codes::CONFIG_VALUE, "Fil"),
        (row("allowPathInfo='yes'"), codes::CONFIG_VALUE, "yes"),
        (row("requireAccess='All'"), codes::CONFIG_VALUE, "All"),
        (row("responseBufferLimit='-1'"), codes::CONFIG_VALUE, "-1"),
        (row("allowpathinfo='true'"), codes::CONFIG_VALUE, "true"),
        (
            "<handlers accessPolicy='Read,Run'/>".into(),
            codes::CONFIG_VALUE,
            "Read,Run",
        ),
        (
            "<handlers><add name='h' verb='*'/></handlers>".into(),
            codes::CONFIG_MISSING,
            "<add name='h' verb='*'/>",
        ),
        (
            "<handlers><add name='h' path='' verb='*'/></handlers>".into(),
            codes::CONFIG_MISSING,
            "<add name='h' path='' verb='*'/>",
        ),
        (
            "<handlers><add path='a' verb='*'/></handlers>".into(),
            codes::CONFIG_MISSING,
            "<add path='a' verb='*'/>",
        ),
        (
            "<handlers><add name='h' path='a' verb=','/></handlers>".into(),
            codes::CONFIG_VALUE,
            ",",
        ),
        (
            "<handlers><remove/></handlers>".into(),
            codes::CONFIG_MISSING,
            "<remove/>",
        ),
        (
            "<handlers><Add/></handlers>".into(),
            codes::CONFIG_VALUE,
            "<Add/>",
        ),
        (
            row("").replace("name='h'", "name='StaticFile'"),
            codes::CONFIG_DUPLICATE,
            "StaticFile",
        ),
        (
            row("").replace(
                "</handlers>",
                "<add name='H' path='b' verb='*'/></handlers>",
            ),
            codes::CONFIG_DUPLICATE,
            "H",
        ),
        (
            "<defaultDocument><files><add value='index.html'/></files></defaultDocument>".into(),
            codes::CONFIG_DUPLICATE,
            "index.html",
        ),
        (
            "<defaultDocument><files><add value='../x'/></files></defaultDocument>".into(),
            codes::CONFIG_VALUE,
            "../x",
        ),
        (
            format!("<staticContent>{mapped}{mapped}</staticContent>"),
            codes::CONFIG_DUPLICATE,
            ".a",
        ),
        (
            "<staticContent><mimeMap fileExtension='a' mimeType='b'/></staticContent>".into(),
            codes::CONFIG_VALUE,
            "a",
        ),
        (
            "<handlers><add name='h' </handlers>".into(),
            codes::CONFIG_XML,
            "",
        ),
    ] {
        let error = read(&rows).expect_err(&rows);
        assert_eq!(error.code(), code, "{rows}: {error}");
        let report = error.render(false);
        assert!(
            report.contains("web.config") && report.contains("help"),
            "{report}"
        );
        let text = wrap(&rows);
        assert!(marked(&report, &text).starts_with(mark), "{rows}: {report}");
    }
}

/// What stands at the mark, to the end of its line, as the report places it (`web.config:4:23`,
/// both counted from 1).
fn marked<'t>(report: &str, text: &'t str) -> &'t str {
    let place = report
        .split("web.config:")
        .nth(1)
        .and_then(|r| r.split(']').next())
        .unwrap();
    let (line, column) = place.split_once(':').unwrap();
    let (line, column): (usize, usize) = (line.parse().unwrap(), column.parse().unwrap());
    &text.lines().nth(line - 1).unwrap()[column - 1..]
}

#[test]
fn files_in_utf_16_and_with_a_mark_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("web.config");
    let text = wrap("<handlers><clear/></handlers>");
    let utf16 = std::iter::once(0xfeff)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    for bytes in [utf16, format!("\u{feff}{text}").into_bytes()] {
        std::fs::write(&file, bytes).unwrap();
        assert!(!WebConfig::read(&file).unwrap().inherits_static);
    }
    std::fs::write(&file, b"<a b='\xe9'/>").unwrap();
    assert_eq!(
        WebConfig::read(&file).unwrap_err().code(),
        codes::CONFIG_UNREADABLE
    );
}
