//! The scripts. Each gives back the token of its request: the query.

use acceptance::site::Site;

const HELLO: &str = "Header('Content-Type: text/plain')\nWrite('hello ' + Env.QUERY_STRING)";
const RAISES: &str = "raise ValueError('raised ' + Env.QUERY_STRING)";
/// Content-Length or chunks, read at once or in pieces.
const UPLOAD: &str = "\
import zlib
token, sep, how = Env.QUERY_STRING.partition('-pieces')
if how:
    sum, size = 1, 0
    while True:
        piece = Read(8192)
        if not piece:
            break
        sum, size = zlib.adler32(piece, sum), size + len(piece)
else:
    body = Read()
    sum, size = zlib.adler32(body), len(body)
Write('%s %d %d' % (token, size, sum))";
/// `TOKEN-SIZE` or `TOKEN-SIZE-stream`: the token again and again.
const BIG: &str = "\
token, size, *stream = Env.QUERY_STRING.split('-')
data = (token + ';') * (int(size) // (len(token) + 1) + 1)
data = data[:int(size)].encode()
if stream:
    DisableBuffer()
    for at in range(0, len(data), 30000):
        Write(data[at:at + 30000])
else:
    Write(data)";
const WSGI: &str = "\
from Http.WSGI import RunWSGI

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    yield b'wsgi '
    yield environ['QUERY_STRING'].encode()

def Request():
    return RunWSGI(application)
";
const CGI: &str = "\
import os
print('Content-Type: text/plain')
print()
print('cgi ' + os.environ['QUERY_STRING'], end='')
";

/// The site.
pub(super) fn make() -> Site {
    let site = Site::new();
    site.request("hello.py", HELLO);
    site.request("raises.py", RAISES);
    site.request("upload.py", UPLOAD);
    site.request("big.py", BIG);
    site.file("wsgi.py", WSGI);
    site.file("plain.cgi", CGI);
    site.file("edited.py", edited(0));
    site
}

/// The script that is edited, in its version of this number.
pub(super) fn edited(version: u64) -> String {
    format!(
        "from Http import *\n\ndata = list(range(1000))\n\ndef Request():\n    \
         Write('edited %s %d' % (Env.QUERY_STRING, {version}))\n"
    )
}
