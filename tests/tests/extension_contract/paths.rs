//! The path variables under each kind of mapping, and the requests that map a URL.

use acceptance::probe::{Server, Site, query, run};

const NAMES: &str = "/page.x/e/a%20b?scenario=vars&names=URL,SCRIPT_NAME,PATH_INFO,\
                     PATH_TRANSLATED,SCRIPT_TRANSLATED,HTTP_URL,QUERY_STRING";

fn handler(path: &str, more: &str) -> String {
    format!(
        r#"<add name="Probe" path="{path}" verb="*" modules="IsapiModule"
             scriptProcessor="C:\probe.dll" requireAccess="Script" {more} />"#
    )
}

/// The values of one request, without sizes and NULs, and with `ROOT` for the site's folder.
fn values(site: &Site, target: &str) -> Vec<String> {
    let server = Server::with(site, [""; 0]);
    let text = server.get(target).text();
    let value = |line: &str| {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        let value = value
            .split_once('[')
            .map_or(value, |(_, v)| v)
            .trim_end_matches("\\x00]");
        format!("{name}={}", site.redact(value))
    };
    text.lines().map(value).collect()
}

#[test]
fn a_script_map_without_allow_path_info_has_the_script_in_path_info() {
    let site = Site::with_handlers(&handler("*.x", r#"resourceType="File""#));
    let values = values(&site, NAMES);
    assert_eq!(
        values[..4],
        [
            "URL=/page.x",
            "SCRIPT_NAME=/page.x",
            "PATH_INFO=/page.x/e/a b",
            "PATH_TRANSLATED=ROOT/page.x/e/a b",
        ]
    );
    assert!(values[4].ends_with("ROOT/page.x"), "{values:?}");
    assert!(
        values[5].starts_with("HTTP_URL=/page.x/e/a%20b?scenario=vars&"),
        "{values:?}"
    );
    assert!(
        values[6].starts_with("QUERY_STRING=scenario=vars&"),
        "{values:?}"
    );
}

#[test]
fn allow_path_info_leaves_the_extra_path_alone_in_path_info() {
    let rows = handler("*.x", r#"resourceType="File" allowPathInfo="true""#);
    let site = Site::with_handlers(&rows);
    let values = values(&site, NAMES);
    assert_eq!(
        values[..4],
        [
            "URL=/page.x",
            "SCRIPT_NAME=/page.x",
            "PATH_INFO=/e/a b",
            "PATH_TRANSLATED=ROOT/e/a b",
        ]
    );
    // Not affected by the attribute.
    assert!(values[4].ends_with("ROOT/page.x"), "{values:?}");
}

#[test]
fn a_wildcard_has_the_whole_path_in_all_of_them() {
    let site = Site::with_handlers(&handler("*", r#"resourceType="Unspecified""#));
    let target = NAMES.replace("/page.x/e/a%20b", "/foo/bar");
    let values = values(&site, &target);
    assert_eq!(
        values[..4],
        [
            "URL=/foo/bar",
            "SCRIPT_NAME=/foo/bar",
            "PATH_INFO=/foo/bar",
            "PATH_TRANSLATED=ROOT/foo/bar",
        ]
    );
}

#[test]
fn four_characters_can_be_cut_off_script_translated() {
    let site = Site::with_handlers(&handler("*.x", ""));
    let server = Server::with(&site, [""; 0]);
    let text = server
        .get("/page.x?scenario=vars&names=SCRIPT_TRANSLATED")
        .text();
    let value = text.split_once('[').unwrap().1.trim_end_matches("\\x00]\n");
    assert_eq!(site.redact(&value[4..]), "ROOT/page.x");
}

#[test]
fn a_script_that_must_be_a_file_but_is_none_is_not_the_extensions() {
    let site = Site::with_handlers(&handler("*.x", r#"resourceType="File""#));
    let server = Server::with(&site, [""; 0]);
    assert_eq!(server.get("/absent.x").status, 404);
    server.never_said("no scenario");
}

#[test]
fn the_control_block_and_the_variables_agree() {
    let site = Site::with_handlers(&handler("*.x", r#"allowPathInfo="true""#));
    let server = Server::with(&site, [""; 0]);
    let text = site.redact(&server.get("/page.x/e?scenario=ecb").text());
    assert!(
        text.contains("\nlpszPathInfo=/e\nlpszPathTranslated=ROOT/e\n"),
        "{text}"
    );
}

#[test]
fn urls_are_mapped_to_paths_in_four_ways() {
    let site = Site::default();
    let text = run(
        &site,
        &query(&[("scenario", "map"), ("url", "/a/b c.txt")]),
        &[],
    )
    .text();
    let root = site.path_length();
    let path = root + "/a/b c.txt".len() + 1;
    let wanted = format!(
        "1001: TRUE\n{path} ROOT/a/b c.txt\n1023: TRUE\n{} ROOT/a/b c.txt\n\
         1012: TRUE\nROOT/a/b c.txt read=1 root={root} url=1\n\
         1024: TRUE\nROOT/a/b c.txt read=1 root={root} url=1\n",
        2 * path
    );
    assert_eq!(site.redact(&text), wanted);
}

#[test]
fn encoded_and_decoded_urls_are_mapped_alike() {
    let site = Site::default();
    // As sent; as PATH_INFO has it in UTF-8; as PATH_INFO has it in the ANSI code page.
    for url in ["/b%2520%25c3%25a4", "/b%20%c3%a4", "/b%20%e4"] {
        let body = run(&site, &format!("scenario=map&url={url}"), &[])
            .response()
            .body;
        // The answers of 1001 and 1012, in the ANSI code page.
        let found = body.windows(3).filter(|w| *w == b"b \xe4").count();
        assert_eq!(found, 2, "{url}: {}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn a_path_longer_than_the_buffer_is_error_122_with_the_size() {
    let site = Site::default();
    let arguments = query(&[("scenario", "map"), ("url", "/a.txt"), ("size", "8")]);
    let text = run(&site, &arguments, &[]).text();
    let path = site.path_length() + "/a.txt".len() + 1;
    let wide = 2 * path;
    let (narrow, rest) = text.split_once("1023: ").unwrap();
    assert!(
        narrow.starts_with(&format!("1001: FALSE 122\n{path} ")),
        "{text}"
    );
    assert!(rest.starts_with(&format!("FALSE 122\n{wide} ")), "{text}");
    assert!(!text.contains("overwritten"), "{text}");
}

#[test]
fn a_path_longer_than_max_path_is_cut_and_error_122() {
    let site = Site::default();
    let url = format!("/{}", "d/".repeat(200));
    let text = run(&site, &query(&[("scenario", "map"), ("url", &url)]), &[]).text();
    for request in ["1012", "1024"] {
        let (_, rest) = text.split_once(&format!("{request}: ")).unwrap();
        assert!(rest.starts_with("FALSE 122\n"), "{text}");
        let path = rest.lines().nth(1).unwrap().split(" read=").next().unwrap();
        assert_eq!(path.len(), 259, "{path}");
    }
    assert!(
        text.starts_with("1001: TRUE\n"),
        "the in/out form has no such limit: {text}"
    );
}

#[test]
fn no_url_is_mapped_outside_the_site() {
    let site = Site::default();
    for url in [
        "/../../etc/passwd",
        "/..%2f..%2fetc/passwd",
        "/a/../../../etc",
    ] {
        let text = run(&site, &query(&[("scenario", "map"), ("url", url)]), &[]).text();
        let paths = site.redact(&text);
        for line in paths.lines().filter(|line| line.contains('/')) {
            assert!(
                line.contains("ROOT") && !line.contains("ROOT/.."),
                "{url}: {paths}"
            );
        }
    }
}
