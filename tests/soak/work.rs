//! What a client does: one request after the other, of all kinds.

use super::Shared;
use super::chance::Chance;
use super::client::{Answer, Client};
use super::report::{Kind, Tally, Verdict};
use std::io::Result;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

/// Of 100 turns.
const TURNS: [(u64, Kind); 9] = [
    (50, Kind::Hello),
    (10, Kind::Raises),
    (12, Kind::Upload),
    (3, Kind::Big),
    (2, Kind::Cgi),
    (4, Kind::Wsgi),
    (10, Kind::Edited),
    (4, Kind::Pipelined),
    (5, Kind::Aborted),
];

/// So many requests at once.
const PIPELINE: u64 = 3;

/// Sends until nothing is left.
pub(super) async fn work(shared: Arc<Shared>, number: u64, mut chance: Chance) -> Tally {
    let mut client = Client::new(&shared.address);
    let mut tally = Tally::default();
    let mut turn = 0;
    loop {
        let kind = shared.plan.only.unwrap_or_else(|| kind(&mut chance));
        let count = if kind == Kind::Pipelined { PIPELINE } else { 1 };
        if !shared.take(count) {
            break;
        }
        turn += count;
        let token = Token(format!("t{number}x{turn}"));
        let since = Instant::now();
        let result = one(&shared, &mut client, &mut chance, kind, &token).await;
        let verdict = result.unwrap_or_else(|error| Verdict::Lost(error.to_string()));
        if verdict != Verdict::Good {
            client.close();
        }
        tally.count(kind, count, since.elapsed(), verdict);
        // Most connections are kept, some are not.
        if chance.below(10) == 0 {
            client.close();
        }
    }
    tally.connections += client.connected;
    tally
}

fn kind(chance: &mut Chance) -> Kind {
    let mut at = chance.below(100);
    for (share, kind) in TURNS {
        if at < share {
            return kind;
        }
        at -= share;
    }
    Kind::Hello
}

/// What a request carries, and its answer must have.
struct Token(String);

impl Token {
    /// An answer with this status, and with the text that the script makes of the token.
    fn check(&self, answer: &Answer, status: u16, text: &str) -> Verdict {
        let body = String::from_utf8_lossy(&answer.body);
        if answer.status == status && body == text {
            return Verdict::Good;
        }
        self.wrong(answer, &body)
    }

    fn wrong(&self, answer: &Answer, body: &str) -> Verdict {
        let start: String = body.chars().take(300).collect();
        let text = format!("{}: {} {start}", self.0, answer.status);
        // Tokens are of letters and digits.
        let mut words = body.split(|c: char| !c.is_ascii_alphanumeric());
        if words.any(|word| word == self.0) {
            Verdict::Wrong(text)
        } else {
            Verdict::Crossed(text)
        }
    }
}

fn get(target: &str, more: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n")
}

async fn one(
    shared: &Shared,
    client: &mut Client,
    chance: &mut Chance,
    kind: Kind,
    token: &Token,
) -> Result<Verdict> {
    let name = &token.0;
    let simple = |script: &str| get(&format!("/{script}?{name}"), "");
    match kind {
        Kind::Hello => {
            let more = match chance.below(20) {
                0 => "Connection: close\r\n",
                _ => "",
            };
            let request = get(&format!("/hello.py?{name}"), more);
            client.send(&[request.as_bytes()]).await?;
            let answer = client.answer().await?;
            Ok(token.check(&answer, 200, &format!("hello {name}")))
        }
        Kind::Raises => {
            client.send(&[simple("raises.py").as_bytes()]).await?;
            let answer = client.answer().await?;
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            // Ended by what no token goes on with.
            let raised = body
                .split(&format!("raised {name}"))
                .nth(1)
                .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
            if answer.status == 500 && raised {
                return Ok(Verdict::Good);
            }
            Ok(token.wrong(&answer, &body))
        }
        Kind::Upload => upload(client, chance, token).await,
        Kind::Big => {
            let size = chance.size();
            let stream = if chance.below(2) == 0 { "-stream" } else { "" };
            let request = get(&format!("/big.py?{name}-{size}{stream}"), "");
            client.send(&[request.as_bytes()]).await?;
            let answer = client.answer().await?;
            let unit = format!("{name};").into_bytes();
            let expected = unit.iter().cycle().take(size);
            if answer.status == 200 && answer.body.iter().eq(expected) {
                return Ok(Verdict::Good);
            }
            Ok(token.wrong(&answer, &String::from_utf8_lossy(&answer.body)))
        }
        Kind::Cgi => {
            client.send(&[simple("plain.cgi").as_bytes()]).await?;
            let answer = client.answer().await?;
            Ok(token.check(&answer, 200, &format!("cgi {name}")))
        }
        Kind::Wsgi => {
            client.send(&[simple("wsgi.py").as_bytes()]).await?;
            let answer = client.answer().await?;
            Ok(token.check(&answer, 200, &format!("wsgi {name}")))
        }
        Kind::Edited => {
            let oldest = shared.versions.oldest();
            client.send(&[simple("edited.py").as_bytes()]).await?;
            let answer = client.answer().await?;
            let newest = shared.versions.newest();
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            let version = body
                .strip_prefix(&format!("edited {name} "))
                .and_then(|version| version.parse::<u64>().ok());
            match version {
                Some(version) if (oldest..=newest).contains(&version) => Ok(Verdict::Good),
                Some(version) => Ok(Verdict::Wrong(format!(
                    "{name}: version {version}, not of {oldest} to {newest}"
                ))),
                None => Ok(token.wrong(&answer, &body)),
            }
        }
        Kind::Pipelined => {
            let requests: String = (0..PIPELINE)
                .map(|i| get(&format!("/hello.py?{name}p{i}"), ""))
                .collect();
            client.send(&[requests.as_bytes()]).await?;
            for i in 0..PIPELINE {
                let each = Token(format!("{name}p{i}"));
                let answer = client.answer().await?;
                let verdict = each.check(&answer, 200, &format!("hello {}", each.0));
                if verdict != Verdict::Good {
                    return Ok(verdict);
                }
            }
            Ok(Verdict::Good)
        }
        Kind::Aborted => {
            abort(client, chance, token).await;
            Ok(Verdict::Good)
        }
    }
}

async fn upload(client: &mut Client, chance: &mut Chance, token: &Token) -> Result<Verdict> {
    let name = &token.0;
    let size = chance.size();
    let body: Vec<u8> = name.bytes().cycle().take(size).collect();
    let pieces = if chance.below(2) == 0 { "-pieces" } else { "" };
    let target = format!("POST /upload.py?{name}{pieces} HTTP/1.1\r\nHost: localhost\r\n");
    if chance.below(3) == 0 {
        let head = format!("{target}Transfer-Encoding: chunked\r\n\r\n");
        let mut text = head.into_bytes();
        for piece in body.chunks(1 + usize::try_from(chance.below(100_000)).unwrap_or(0)) {
            text.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            text.extend_from_slice(piece);
            text.extend_from_slice(b"\r\n");
        }
        text.extend_from_slice(b"0\r\n\r\n");
        client.send(&[&text]).await?;
    } else {
        let head = format!("{target}Content-Length: {size}\r\n\r\n");
        client.send(&[head.as_bytes(), &body]).await?;
    }
    let answer = client.answer().await?;
    Ok(token.check(&answer, 200, &format!("{name} {size} {}", adler32(&body))))
}

fn adler32(data: &[u8]) -> u32 {
    let (mut low, mut high) = (1_u32, 0_u32);
    // So many that the sums stay below 2^32.
    for piece in data.chunks(5552) {
        for byte in piece {
            low += u32::from(*byte);
            high += low;
        }
        low %= 65_521;
        high %= 65_521;
    }
    high << 16 | low
}

/// A client that goes away where it should not. On a connection of its own.
async fn abort(client: &mut Client, chance: &mut Chance, token: &Token) {
    client.close();
    let name = &token.0;
    let head = format!(
        "POST /upload.py?{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n"
    );
    let cut = usize::try_from(chance.below(head.len() as u64)).unwrap_or(0);
    let part = match chance.below(5) {
        // In the request line or the headers.
        0 => head.as_bytes()[..cut].to_vec(),
        // In the body.
        1 => [head.as_bytes(), &vec![b'x'; 60_000 + cut]].concat(),
        // Before the answer.
        2 => get(&format!("/hello.py?{name}"), "").into_bytes(),
        // In the answer.
        _ => get(&format!("/big.py?{name}-1000000-stream"), "").into_bytes(),
    };
    let sent = client.send(&[&part]).await.is_ok();
    if sent && part.starts_with(b"GET /big") {
        let mut some = vec![0; 1 + cut * 100];
        if let Ok(stream) = client.stream().await {
            let _ = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut some)).await;
        }
    }
    if chance.below(2) == 0 {
        client.reset();
    } else {
        client.close();
    }
}
