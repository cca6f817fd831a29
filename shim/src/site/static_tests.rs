//! The static file handler's answers.

use super::*;
use crate::site::{Decision, SiteOptions, UrlPath};
use std::fs::File;
use tempfile::TempDir;

const TIME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn site() -> (TempDir, Site) {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.txt"), "0123456789").unwrap();
    std::fs::write(dir.path().join("empty.txt"), "").unwrap();
    std::fs::write(dir.path().join("a.unknown"), "x").unwrap();
    std::fs::create_dir(dir.path().join("söb \"&")).unwrap();
    let file = File::options()
        .write(true)
        .open(dir.path().join("a.txt"))
        .unwrap();
    file.set_modified(httpdate::parse_http_date(TIME).unwrap() + Duration::from_millis(400))
        .unwrap();
    let site = Site::open(dir.path(), &SiteOptions::default()).unwrap();
    (dir, site)
}

fn ask(
    site: &Site,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
) -> Result<StaticAnswer, Refusal> {
    let url = UrlPath::parse(target).unwrap();
    match site.route(method, &url) {
        Decision::Static(route) => answer(site, &route, method, url.query(), |name| {
            headers
                .iter()
                .find(|(n, _)| n.eq_ignore_ascii_case(name))
                .map(|(_, v)| *v)
        }),
        Decision::Refused(refusal) => Err(refusal),
        Decision::Extension(route) => panic!("{route:?}"),
    }
}

fn get(site: &Site, headers: &[(&str, &str)]) -> StaticAnswer {
    ask(site, "GET", "/a.txt", headers).unwrap()
}

fn value<'a>(answer: &'a StaticAnswer, name: &str) -> Option<&'a str> {
    answer
        .headers
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.as_str())
}

fn sent(answer: &StaticAnswer) -> Option<(u64, u64)> {
    match &answer.body {
        StaticBody::File { offset, length, .. } => Some((*offset, *length)),
        _ => None,
    }
}

#[test]
fn file_is_sent_whole_with_its_validators() {
    let (_dir, site) = site();
    let answer = get(&site, &[]);
    assert_eq!((answer.status, sent(&answer)), (200, Some((0, 10))));
    assert_eq!(value(&answer, "Content-Type"), Some("text/plain"));
    assert_eq!(value(&answer, "Content-Length"), Some("10"));
    assert_eq!(value(&answer, "Last-Modified"), Some(TIME));
    assert_eq!(value(&answer, "Accept-Ranges"), Some("bytes"));
    let tag = value(&answer, "ETag").unwrap();
    assert!(tag.starts_with('"') && tag.ends_with(":0\""), "{tag}");
}

#[test]
fn head_announces_the_length_and_sends_nothing() {
    let (_dir, site) = site();
    let answer = ask(&site, "HEAD", "/a.txt", &[("Range", "bytes=0-1")]).unwrap();
    assert_eq!(
        (answer.status, value(&answer, "Content-Length")),
        (200, Some("10"))
    );
    assert_eq!(answer.body, StaticBody::Empty);
}

#[test]
fn other_methods_are_405_and_options_names_those_that_do() {
    let (_dir, site) = site();
    let refusal = ask(&site, "POST", "/a.txt", &[]).unwrap_err();
    assert_eq!(
        (refusal.status, refusal.allow.as_deref()),
        (405, Some(ALLOW))
    );
    let page = StaticAnswer::refused(&refusal, true, "POST");
    assert_eq!(value(&page, "Allow"), Some(ALLOW));
    let options = ask(&site, "OPTIONS", "/a.txt", &[]).unwrap();
    assert_eq!(
        (options.status, value(&options, "Allow")),
        (200, Some(ALLOW))
    );
}

#[test]
fn unchanged_file_is_304() {
    let (_dir, site) = site();
    let tag = value(&get(&site, &[]), "ETag").unwrap().to_owned();
    let weak = format!("\"x\", W/{tag}");
    let cases: [(&[(&str, &str)], u16); 8] = [
        (&[("If-None-Match", &tag)], 304),
        (&[("If-None-Match", &weak)], 304),
        (&[("If-None-Match", "*")], 304),
        (
            &[("If-None-Match", "\"x\""), ("If-Modified-Since", TIME)],
            200,
        ),
        (&[("If-Modified-Since", TIME)], 304),
        (
            &[("If-Modified-Since", "Mon, 07 Nov 1994 08:49:37 GMT")],
            304,
        ),
        (
            &[("If-Modified-Since", "Sat, 05 Nov 1994 08:49:37 GMT")],
            200,
        ),
        (&[("If-Modified-Since", "yesterday")], 200),
    ];
    for (headers, status) in cases {
        let answer = get(&site, headers);
        assert_eq!(answer.status, status, "{headers:?}");
        assert_eq!(answer.body == StaticBody::Empty, status == 304);
    }
}

#[test]
fn one_range_is_206_and_several_send_the_whole_file() {
    let (_dir, site) = site();
    for (range, status, part, content_range) in [
        ("bytes=0-0", 206, Some((0, 1)), Some("bytes 0-0/10")),
        ("bytes=2-", 206, Some((2, 8)), Some("bytes 2-9/10")),
        ("bytes=8-99", 206, Some((8, 2)), Some("bytes 8-9/10")),
        ("bytes=-3", 206, Some((7, 3)), Some("bytes 7-9/10")),
        ("bytes=-99", 206, Some((0, 10)), Some("bytes 0-9/10")),
        ("bytes=10-", 416, None, Some("bytes */10")),
        ("bytes=10-12", 416, None, Some("bytes */10")),
        ("bytes=-0", 416, None, Some("bytes */10")),
        ("bytes=0-1,3-4", 200, Some((0, 10)), None),
        ("bytes=5-2", 200, Some((0, 10)), None),
        ("bytes=+1-2", 200, Some((0, 10)), None),
        ("bytes=-", 200, Some((0, 10)), None),
        ("lines=0-1", 200, Some((0, 10)), None),
        ("nonsense", 200, Some((0, 10)), None),
    ] {
        let answer = get(&site, &[("Range", range)]);
        assert_eq!((answer.status, sent(&answer)), (status, part), "{range}");
        assert_eq!(value(&answer, "Content-Range"), content_range, "{range}");
    }
    let empty = ask(&site, "GET", "/empty.txt", &[("Range", "bytes=0-")]).unwrap();
    assert_eq!(empty.status, 416);
}

#[test]
fn range_of_another_version_sends_the_whole_file() {
    let (_dir, site) = site();
    let tag = value(&get(&site, &[]), "ETag").unwrap().to_owned();
    for (validator, status) in [
        (tag.as_str(), 206),
        ("\"x\"", 200),
        (TIME, 206),
        ("Sat, 05 Nov 1994 08:49:37 GMT", 200),
    ] {
        let answer = get(&site, &[("Range", "bytes=1-2"), ("If-Range", validator)]);
        assert_eq!(answer.status, status, "{validator}");
    }
}

#[test]
fn folder_without_a_slash_is_redirected_and_with_one_not_listed() {
    let (_dir, site) = site();
    let answer = ask(&site, "GET", "/s%C3%B6b%20%22&?a=1", &[]).unwrap();
    assert_eq!(answer.status, 301);
    assert_eq!(value(&answer, "Location"), Some("/s%C3%B6b%20%22%26/?a=1"));
    let refusal = ask(&site, "GET", "/s%C3%B6b%20%22&/", &[]).unwrap_err();
    assert_eq!((refusal.status, refusal.substatus), (403, 14));
}

#[test]
fn file_of_unknown_type_or_with_a_slash_behind_it_is_not_sent() {
    let (_dir, site) = site();
    let unknown = ask(&site, "GET", "/a.unknown", &[]).unwrap_err();
    assert_eq!((unknown.status, unknown.substatus), (404, 3));
    let slash = ask(&site, "GET", "/a.txt/", &[]).unwrap_err();
    assert_eq!((slash.status, slash.substatus), (404, 0));
}

#[test]
fn file_from_before_1970_does_not_stop_the_host() {
    let (dir, site) = site();
    let file = File::options()
        .write(true)
        .open(dir.path().join("a.txt"))
        .unwrap();
    // Not every file system can.
    if file
        .set_modified(SystemTime::UNIX_EPOCH - Duration::from_secs(9))
        .is_ok()
    {
        assert_eq!(get(&site, &[]).status, 200);
    }
}

#[cfg(unix)]
#[test]
fn symbolic_link_out_of_the_root_is_not_followed() {
    let (dir, site) = site();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.txt"), "x").unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("out")).unwrap();
    std::os::unix::fs::symlink(dir.path().join("a.txt"), dir.path().join("in.txt")).unwrap();
    for target in ["/out/secret.txt", "/out"] {
        assert_eq!(
            ask(&site, "GET", target, &[]).unwrap_err().status,
            404,
            "{target}"
        );
    }
    assert_eq!(ask(&site, "GET", "/in.txt", &[]).unwrap().status, 200);
}
