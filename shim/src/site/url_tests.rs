//! What becomes of hostile and of harmless request targets.

use super::*;
use proptest::prelude::*;
use std::path::{Component, Path};

fn path(target: &str) -> String {
    match UrlPath::parse(target) {
        Ok(url) => url.path().to_owned(),
        Err(refusal) => format!("{}.{}", refusal.status, refusal.substatus),
    }
}

#[test]
fn target_is_split_into_raw_path_and_query() {
    let url = UrlPath::parse("/app/page.x/extra/a%20b?q=1?%zz").unwrap();
    assert_eq!(url.raw(), "/app/page.x/extra/a%20b?q=1?%zz");
    assert_eq!(url.raw_path(), "/app/page.x/extra/a%20b");
    assert_eq!(url.query(), "q=1?%zz");
    assert_eq!(url.path(), "/app/page.x/extra/a b");
    assert_eq!(UrlPath::parse("/").unwrap().query(), "");
}

#[test]
fn path_is_decoded_and_normalised() {
    for (target, expected) in [
        ("/", "/"),
        ("//a///b/", "/a/b/"),
        ("/a/./b/../c", "/a/c"),
        ("/a/..", "/"),
        ("/a/b/..", "/a/"),
        ("/a%2fb%5Cc\\d", "/a/b/c/d"),
        ("/%C3%A9", "/é"),
        ("/%E9%80", "/é€"),
        ("/caf\u{e9}", "/café"),
        ("/a%25", "/a%"),
        ("/.well-known/x", "/.well-known/x"),
    ] {
        assert_eq!(path(target), expected, "{target}");
    }
}

#[test]
fn climbing_above_the_root_is_a_bad_request() {
    for target in [
        "/..",
        "/a/../..",
        "/..%2fx",
        "/%2e%2e/x",
        "/..\\x",
        "/%2e%2e%5cx",
        "/.%2e/",
    ] {
        assert_eq!(path(target), "400.0", "{target}");
    }
}

#[test]
fn control_characters_and_broken_escapes_are_a_bad_request() {
    let targets = [
        "/a%00",
        "/a%0d%0aX",
        "/%7f",
        "/%zz",
        "/a%",
        "/a%4",
        "a",
        "",
        "*",
        "/a b",
        "/a#b",
        "/%81",
    ];
    for target in targets {
        assert_eq!(path(target), "400.0", "{target}");
    }
    assert_eq!(path(&format!("/{}", "a".repeat(261))), "400.0");
    assert_eq!(path(&"/a".repeat(256)), "400.0");
}

#[test]
fn dangerous_double_escapes_are_404_11() {
    for target in [
        "/%252e%252e/x",
        "/a%252fb",
        "/a%255cb",
        "/a%2500",
        "/a%25252e",
    ] {
        assert_eq!(path(target), "404.11", "{target}");
    }
}

#[test]
fn harmless_double_escapes_are_left_to_the_site() {
    for (target, double) in [
        ("/a%2541", true),
        ("/a+b", true),
        ("/a%2bb", true),
        ("/a?b+c", false),
    ] {
        assert_eq!(
            UrlPath::parse(target).unwrap().is_double_escaped(),
            double,
            "{target}"
        );
    }
}

fn stays_below_the_root(target: &str) {
    let Ok(url) = UrlPath::parse(target) else {
        return;
    };
    assert!(
        url.path().starts_with('/') && !url.path().starts_with("//"),
        "{url:?}"
    );
    assert!(!url.path().contains(['\0', '\\']), "{url:?}");
    assert!(url.segments().all(|s| !matches!(s, ".." | ".")), "{url:?}");
    let joined = Path::new("/site").join(url.path().trim_start_matches('/'));
    assert!(joined.starts_with("/site"), "{url:?}");
    assert!(
        !joined.components().any(|c| c == Component::ParentDir),
        "{url:?}"
    );
}

/// The short way has the long way's result.
fn is_the_same_both_ways(target: &str) {
    let long = UrlPath::parse_any(target, target.find('?'));
    let short = UrlPath::parse(target);
    assert_eq!(format!("{short:?}"), format!("{long:?}"), "{target}");
}

#[test]
fn a_plain_path_of_any_length_is_the_same_both_ways() {
    for piece in ["a", "/a", "ab/", "a.b"] {
        for count in [
            0, 1, 2, 3, 65, 66, 130, 131, 253, 254, 255, 256, 257, 260, 261,
        ] {
            is_the_same_both_ways(&format!("/{}", piece.repeat(count)));
        }
    }
}

proptest! {
    #[test]
    fn a_plain_path_is_the_same_both_ways(
        target in "/[a-c./_-]{0,12}(\\?[ -~]{0,4})?",
    ) {
        is_the_same_both_ways(&target);
    }

    #[test]
    fn any_target_is_refused_or_stays_below_the_root(target in ".*") {
        stays_below_the_root(&target);
    }

    #[test]
    fn any_mix_of_hostile_pieces_is_refused_or_stays_below_the_root(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "/", "..", ".", "%2e", "%2E%2E", "%2f", "%5c", "\\", "%25", "%252e", "%00", "a",
            "%c0%af", "%e2%80%a5", "%zz", ":", "~1", " ", "?", "%u002e", "b.py",
        ]), 0..12)
    ) {
        stays_below_the_root(&format!("/{}", pieces.concat()));
    }
}
