//! What SECURITY.md promises: nothing outside the site is read, whatever a URL looks like.

use acceptance::docs;
use acceptance::http::{Connection, get, send};
use acceptance::server::Server;
use acceptance::site::Site;
use acceptance::target::WINDOWS;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::process::Command;

/// Stands in every file that no client may see.
const SECRET: &str = "kept-4c1f-from-clients";

/// A folder with secrets, and the site in it.
fn outer() -> Site {
    let outer = Site::new();
    outer.file("secret.txt", SECRET);
    outer.request("secret.py", &format!("Write('{SECRET}')"));
    outer.file("sites/secret.html", SECRET);
    outer.request("site/app.py", &format!("# {SECRET}\nWrite('app')"));
    outer.file("site/a/page.txt", "page");
    let config = format!("<configuration><!-- {SECRET} --></configuration>");
    outer.file("site/web.config", config);
    outer
}

fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = [
        "/",
        "//",
        "%2f",
        "%5c",
        "\\",
        "..",
        ".",
        "%2e%2e",
        "%2e",
        ".%2e",
        "..;",
        "%252e%252e",
        "%252f",
        "%c0%ae%c0%ae",
        "%c0%af",
        "%e0%80%af",
        "%u002e",
        "%ef%bc%8f",
        "%00",
        "%20",
        "+",
        "::$DATA",
        ":",
        "%3a",
        "C:",
        "c%3a",
        "\\\\?\\",
        "%5c%5c%3f%5c",
        "\\\\.\\",
        "//localhost/c$/",
        "Z:",
        "a",
        "site",
        "sites",
        "app.py",
        "page.txt",
        "secret.txt",
        "secret.py",
        "secret.html",
        "web.config",
        "WEB~1.CON",
        "secret~1.txt",
        "NUL",
        "...",
        "~",
        "%",
    ]
    .map(str::to_owned)
    .to_vec();
    pieces.push("../secret.txt".to_owned());
    pieces.push("%2e%2e%5csecret.py".to_owned());
    pieces
}

#[test]
fn no_url_reads_a_file_outside_the_site_or_the_source_of_a_script() {
    let outer = outer();
    let server = Server::start(&outer.path("site"), &["--no-access-log"]);
    let wildcard = Server::start(&outer.path("site"), &["--no-access-log", "--wildcard"]);
    let mut whole = outer.path("secret.txt").display().to_string();
    whole = whole.trim_start_matches('/').to_owned();
    let mut pieces = pieces();
    pieces.push(whole);
    let target = proptest::collection::vec(prop::sample::select(pieces), 1..9);
    let config = Config {
        cases: if WINDOWS { 100 } else { 1000 },
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&target, |pieces| {
        let target = pieces.concat();
        for address in [&server.address, &wildcard.address] {
            let request = format!("GET /{target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
            let response = send(address, request).expect("an answer");
            prop_assert!(!response.text().contains(SECRET), "/{}", target);
        }
        Ok(())
    });
    run.unwrap();
    assert_eq!(get(&server.address, "/app.py").text(), "app");
    assert_eq!(get(&server.address, "/a/page.txt").text(), "page");
}

#[cfg(not(feature = "windows"))]
#[test]
fn static_files_behind_links_out_of_the_site_are_not_there_and_scripts_are() {
    use std::os::unix::fs::symlink;
    let outer = outer();
    let site = outer.path("site");
    symlink(outer.path("secret.txt"), site.join("link.txt")).unwrap();
    symlink(outer.root(), site.join("folder")).unwrap();
    symlink(site.join("a/page.txt"), site.join("inside.txt")).unwrap();
    outer.request("shared.py", "Write('shared')");
    symlink(outer.path("shared.py"), site.join("shared.py")).unwrap();
    let server = Server::start(&site, &[]);
    for target in [
        "/link.txt",
        "/folder/secret.txt",
        "/folder/sites/secret.html",
    ] {
        let response = get(&server.address, target);
        assert_eq!(response.status, 404, "{target}");
        assert!(!response.text().contains(SECRET), "{target}");
    }
    assert_eq!(get(&server.address, "/inside.txt").text(), "page");
    assert_eq!(get(&server.address, "/shared.py").text(), "shared");
}

#[test]
fn the_header_proxy_never_gets_into_the_environment() {
    let body = "import os\nWrite(repr(os.environ.get('HTTP_PROXY')))";
    let site = Site::with_request(body);
    let mut own = "#!/usr/bin/python3\nprint('Content-Type: text/plain\\n')\n".to_owned();
    own += "import os\nprint(repr(os.environ.get('HTTP_PROXY')), end='')\n";
    site.file("app.cgi", own);
    let options: &[&str] = &["--no-access-log"];
    let server = Server::start_with(site.root(), options, |command| {
        command.env_remove("HTTP_PROXY").env_remove("http_proxy");
    });
    for script in ["app.py", "app.cgi"] {
        let head = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\nProxy: http://evil/";
        let request = format!("GET /{script} {head}\r\n\r\n");
        let response = send(&server.address, request).unwrap();
        assert_eq!(response.text(), "None", "{script}");
    }
}

#[test]
fn a_header_with_an_underscore_does_not_shadow_a_real_one() {
    let site = Site::with_request("Write(Env.HTTP_X_USER)");
    let server = Server::start(site.root(), &[]);
    let mut connection = Connection::open(&server.address);
    let request =
        "GET /app.py HTTP/1.1\r\nHost: a\r\nX_User: root\r\nX-User: me\r\nX_USER: root\r\n\r\n";
    connection.send(request).unwrap();
    assert_eq!(connection.response(false).unwrap().text(), "me");
}

#[cfg(not(feature = "windows"))]
#[test]
fn a_server_for_other_computers_says_so_and_tells_them_no_details() {
    let site = Site::with_request("raise ValueError('detail of the traceback')");
    let server = Server::start_at("0.0.0.0:0", site.root(), &[], |_| {});
    server.wait_for_err(|text| text.contains("ISH0213"));
    let port = server.address.rsplit(':').next().unwrap().to_owned();
    let local = get(&format!("127.0.0.1:{port}"), "/app.py").text();
    assert!(local.contains("detail of the traceback"), "{local}");
    // Which address this machine has in a network, if it is in one; nothing is sent.
    let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    if probe.connect("192.0.2.1:9").is_err() {
        return;
    }
    let own = probe.local_addr().unwrap().ip();
    if own.is_loopback() || own.is_unspecified() {
        return;
    }
    for (target, detail) in [
        ("/app.py", "detail of the traceback"),
        ("/none.py", "none.py"),
    ] {
        // From this machine's address in the network: to this machine's loopback address, where
        // it is a stranger's.
        let text = from(own, &port, target);
        assert!(text.starts_with("HTTP/1.1 "), "{text}");
        assert!(!text.contains(detail), "{text}");
    }
}

/// The whole answer to a request that comes from an address of this machine.
#[cfg(not(feature = "windows"))]
fn from(own: std::net::IpAddr, port: &str, target: &str) -> String {
    use std::io::{Read, Write};
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let socket = socket.expect("a socket");
    let own = std::net::SocketAddr::new(own, 0);
    socket.bind(&own.into()).expect("it is this machine's");
    let port = port.parse().expect("a port");
    let server = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    socket.connect(&server.into()).expect("it listens there");
    let mut stream = std::net::TcpStream::from(socket);
    let head = "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    write!(stream, "GET {target} {head}").expect("sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("an answer");
    text
}

#[test]
fn a_server_for_this_computer_says_nothing() {
    let site = Site::with_request("Write('x')");
    let server = Server::start(site.root(), &[]);
    assert_eq!(get(&server.address, "/app.py").text(), "x");
    assert!(!server.err().contains("ISH0213"), "{}", server.err());
    let help = docs::help(Some("serve"));
    assert!(help.contains("[default: 127.0.0.1:8080]"), "{help}");
}

#[test]
fn every_dependency_has_a_licence_of_the_list() {
    let list = docs::read("deny.toml");
    let list = list.split("allow = [").nth(1).expect("a list");
    let list = list.split(']').next().expect("its end");
    let allowed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    let arguments = ["metadata", "--format-version", "1", "--locked", "--offline"];
    command.args(arguments).current_dir(acceptance::root());
    let output = command.output().expect("cargo runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let mut refused = Vec::new();
    for package in packages {
        let text = package["license"].as_str().unwrap_or("none");
        // `A/B` is an older form of `A OR B`. Of each choice one must do.
        let text = text.replace('/', " OR ").replace(['(', ')'], "");
        let all = text.split(" AND ");
        let mut fine = all.map(|any| any.split(" OR ").any(|one| allowed.contains(&one.trim())));
        if !fine.all(|one| one) {
            refused.push(format!("{}: {text}", package["name"]));
        }
    }
    assert!(packages.len() > 100 && refused.is_empty(), "{refused:?}");
}
