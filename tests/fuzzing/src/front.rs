//! The server over a socket: any bytes, in pieces of any size, from clients that go at any moment.

use crate::panics;
use isapi_shim::ecb_host::listen;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than any answer takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A client that wants answers waits for them as long as something comes within this time.
const QUIET: Duration = Duration::from_millis(2);

/// The server is asked whether it is well after so many inputs.
const OFTEN: u64 = 16;

/// Stands in every file that no client may get to see. Another one in each process: an engine
/// would put a constant into its requests, and pages name what was asked for.
static SECRET: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let made = RandomState::new().build_hasher().finish();
    format!("a-secret-{made:016x}").into_bytes()
});

/// The server and a connection that is kept: whatever others do, its requests are answered.
struct Served {
    address: SocketAddr,
    kept: TcpStream,
    _folder: tempfile::TempDir,
}

static SERVED: LazyLock<Mutex<Served>> = LazyLock::new(|| {
    panics::watch();
    // Tracebacks of scripts that raise, and what broken requests are reported with.
    isapi_http::guest::set_log(|_| {});
    listen(|_, _| {});
    Mutex::new(serve())
});

static COUNT: AtomicU64 = AtomicU64::new(0);

/// As the start of a Rust program does it. The engine's `main` is none: there a client that goes
/// would end the process.
#[allow(unsafe_code, reason = "signals are the C library's")]
fn ignore_broken_pipes() {
    // SAFETY: no handler is set.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}

fn serve() -> Served {
    ignore_broken_pipes();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let base = folder.path().canonicalize().expect("it was just made");
    let (root, ready) = (base.join("site"), base.join("ready"));
    make_site(&base, &root);
    let words = [
        "isapi-shim",
        "serve",
        "--listen=127.0.0.1:0",
        "--error-details=never",
        "--no-access-log",
        "--threads=8",
        "--ready-file",
        ready.to_str().expect("the path is text"),
        root.to_str().expect("the path is text"),
    ]
    .map(str::to_owned);
    std::thread::spawn(|| isapi_shim::command(words));
    let since = Instant::now();
    let url = loop {
        if let Ok(url) = std::fs::read_to_string(&ready) {
            break url;
        }
        assert!(since.elapsed() < PATIENCE * 3, "the server gets ready");
        std::thread::sleep(Duration::from_millis(5));
    };
    let address = url.trim().trim_start_matches("http://");
    let address = address.trim_end_matches('/').parse().expect("an address");
    Served {
        address,
        kept: connect(address),
        _folder: folder,
    }
}

fn make_site(base: &Path, root: &Path) {
    std::fs::create_dir_all(root.join("folder")).expect("writable");
    std::fs::create_dir_all(root.join("bin")).expect("writable");
    for entry in std::fs::read_dir(crate::site()).expect("the site of the fuzz targets") {
        let from: PathBuf = entry.expect("an entry").path();
        let name = from.file_name().expect("a name");
        if from.is_file() {
            let mut text = std::fs::read(&from).expect("readable");
            if from.extension().is_some_and(|e| e == "py" || e == "cgi") {
                text.extend_from_slice(b"\n# ");
                text.extend_from_slice(&SECRET);
                text.push(b'\n');
            }
            std::fs::write(root.join(name), text).expect("writable");
        }
    }
    let secret = String::from_utf8_lossy(&SECRET);
    let config = format!(
        "<configuration><!-- {secret} --><system.webServer><security><requestFiltering>\
         <requestLimits maxAllowedContentLength=\"200000\"/></requestFiltering></security>\
         </system.webServer></configuration>"
    );
    for (at, text) in [
        (root.join("web.config"), config.as_bytes()),
        (root.join("bin/hidden.txt"), &SECRET),
        (base.join("outside.txt"), &SECRET),
        (root.join("folder/index.html"), b"<p>in a folder</p>"),
    ] {
        std::fs::write(at, text).expect("writable");
    }
    std::os::unix::fs::symlink(base.join("outside.txt"), root.join("link.txt")).expect("a link");
    std::os::unix::fs::symlink(base, root.join("out")).expect("a link");
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the server listens");
    stream
        .set_nodelay(true)
        .and_then(|()| stream.set_read_timeout(Some(PATIENCE)))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .expect("a socket has these options");
    stream
}

/// Sends the input: its first byte says how the client behaves, its second how long the pieces
/// are, the rest is what is sent.
///
/// # Panics
/// The server is not there any more, answers with what is no HTTP, or tells what it must not.
pub fn run(data: &[u8]) {
    let mut served = SERVED.lock().unwrap_or_else(PoisonError::into_inner);
    let (how, pieces, data) = match data {
        [how, pieces, rest @ ..] => (how % 4, usize::from(*pieces), rest),
        _ => return,
    };
    let mut client = connect(served.address);
    for piece in data.chunks(if pieces == 0 {
        data.len().max(1)
    } else {
        pieces * 4
    }) {
        // The server may have closed already.
        if client.write_all(piece).is_err() {
            break;
        }
    }
    match how {
        // Waits for answers, and goes.
        0 | 1 => {
            let mut answer = Vec::new();
            client.set_read_timeout(Some(QUIET)).expect("an option");
            let mut open = read(&mut client, &mut answer);
            if open {
                let _ = client.shutdown(Shutdown::Write);
                client.set_read_timeout(Some(PATIENCE)).expect("an option");
                open = read(&mut client, &mut answer);
                assert!(!open, "a connection that its client has ended stays open");
            }
            check(data, &answer);
        }
        // Has said all it has to say.
        2 => {
            let _ = client.shutdown(Shutdown::Write);
            let mut answer = Vec::new();
            assert!(!read(&mut client, &mut answer), "stays open");
            check(data, &answer);
        }
        // Crashes.
        _ => {
            let _ = socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO));
        }
    }
    drop(client);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    if count.is_multiple_of(OFTEN) {
        is_well(&mut served.kept, count);
    }
    panics::none();
}

/// Reads until nothing comes; whether the connection is still open.
fn read(client: &mut TcpStream, answer: &mut Vec<u8>) -> bool {
    let mut room = [0; 65_536];
    loop {
        match client.read(&mut room) {
            Ok(0) => return false,
            Ok(size) => answer.extend_from_slice(&room[..size]),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut => return true,
                ErrorKind::Interrupted => {}
                _ => return false,
            },
        }
    }
}

fn is_well(kept: &mut TcpStream, token: u64) {
    let request = format!("GET /env.py?token-{token} HTTP/1.1\r\nHost: a\r\n\r\n");
    kept.write_all(request.as_bytes())
        .expect("the server reads");
    let mut answer = Vec::new();
    let wanted = format!("QUERY_STRING='token-{token}'");
    let mut room = [0; 8192];
    while !answer.ends_with(b"HEADER_X=''\n") && !answer.ends_with(b"0\r\n\r\n") {
        let size = loop {
            match kept.read(&mut room) {
                // An engine's timer, or a process that goes on after a stop.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result.expect("the server answers"),
            }
        };
        assert!(
            size > 0,
            "the server has closed: {}",
            String::from_utf8_lossy(&answer)
        );
        answer.extend_from_slice(&room[..size]);
        if let Some((head, body)) = split(&answer)
            && length(head).is_some_and(|length| body.len() >= length)
        {
            break;
        }
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    assert!(text.contains(&wanted), "{text}");
}

/// What came is one response after the other, the last one perhaps cut off; and no secret.
fn check(request: &[u8], answer: &[u8]) {
    assert!(!has_secret(answer), "{}", String::from_utf8_lossy(answer));
    // To HEAD there is no body; which answer is whose is not known here.
    let heads = request.windows(4).any(|w| w == b"HEAD");
    let mut rest = answer;
    while !rest.is_empty() {
        let Some((head, body)) = split(rest) else {
            // Cut off in the head: nothing says that the server had to finish it.
            return;
        };
        let status = status(head);
        if heads {
            return;
        }
        let chunked = header(head, "transfer-encoding").is_some_and(|v| v == "chunked");
        rest = match (status, chunked, length(head)) {
            (100..=199 | 204 | 304, _, _) => body,
            (_, true, _) => match chunks(body) {
                Some(rest) => rest,
                None => return,
            },
            (_, false, Some(length)) => body.get(length..).unwrap_or_default(),
            (_, false, None) => return,
        };
    }
}

/// Not by comparing bytes: engines look at those comparisons, and would learn the secret.
fn has_secret(answer: &[u8]) -> bool {
    const BASE: u64 = 0x100_0000_01B3;
    let value = |text: &[u8]| {
        text.iter().fold(0_u64, |sum, b| {
            sum.wrapping_mul(BASE).wrapping_add(u64::from(*b))
        })
    };
    let length = SECRET.len();
    let wanted = value(&SECRET);
    let first = (1..length).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let Some(mut sum) = answer.get(..length).map(value) else {
        return false;
    };
    for (old, new) in answer.iter().zip(&answer[length..]) {
        if sum == wanted {
            return true;
        }
        let without = sum.wrapping_sub(u64::from(*old).wrapping_mul(first));
        sum = without.wrapping_mul(BASE).wrapping_add(u64::from(*new));
    }
    sum == wanted
}

fn split(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = answer.windows(4).position(|w| w == b"\r\n\r\n")?;
    Some((&answer[..end + 2], &answer[end + 4..]))
}

fn status(head: &[u8]) -> u16 {
    let text = String::from_utf8_lossy(head);
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap_or_default();
    let status = line
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.get(2..5))
        .and_then(|digits| digits.parse().ok());
    let status = status.unwrap_or_else(|| panic!("no status line: {line:?}"));
    assert!((100..600).contains(&status), "{line:?}");
    for line in lines.filter(|line| !line.is_empty()) {
        let name = line.split(':').next().unwrap_or_default();
        let token = !name.is_empty() && !name.contains([' ', '\t', '\r', '\n']);
        assert!(token && line.contains(':'), "no header: {line:?}");
        assert!(!line.contains(['\r', '\n', '\0']), "no header: {line:?}");
    }
    status
}

fn header(head: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(head).into_owned();
    text.split("\r\n").skip(1).find_map(|line| {
        let (n, value) = line.split_once(':')?;
        n.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

fn length(head: &[u8]) -> Option<usize> {
    let value = header(head, "content-length")?;
    Some(value.parse().expect("a length is a number"))
}

/// What stands behind the chunks; `None`: they are cut off.
fn chunks(mut body: &[u8]) -> Option<&[u8]> {
    loop {
        let end = body.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&body[..end]).ok();
        let size = size.and_then(|s| usize::from_str_radix(s, 16).ok());
        let size = size.expect("a chunk begins with its size");
        let rest = body.get(end + 2..)?;
        let after = rest.get(size..size + 2)?;
        assert_eq!(after, b"\r\n", "a chunk is as long as it says");
        body = &rest[size + 2..];
        if size == 0 {
            return Some(body);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_found_wherever_it_stands() {
        for before in [0, 1, 1000] {
            let text = [vec![b'x'; before], SECRET.clone(), vec![b'y'; before]].concat();
            assert!(has_secret(&text));
            assert!(!has_secret(&text[..before + SECRET.len() - 1]));
            assert!(!has_secret(&text[before + 1..]));
        }
        assert!(!has_secret(b""));
        assert!(!has_secret(&SECRET[1..]));
        assert!(!has_secret(&[0; 500]));
    }
}
