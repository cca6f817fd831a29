use crate::check::testing::{each, found, none};

#[test]
fn modules_that_are_gone_are_named() {
    each(
        "",
        &[
            ("import urllib2", "error 0822 urllib2"),
            ("import os, StringIO as S", "error 0822 StringIO as S"),
            ("from cStringIO import StringIO", "error 0822 cStringIO"),
            (
                "from email.MIMEText import MIMEText",
                "error 0822 email.MIMEText",
            ),
            ("from email import Utils", "error 0822 Utils"),
            ("def f():\n    import httplib", "error 0822 httplib"),
            ("import imp", "note 0823 imp"),
            ("from md5 import md5", "note 0823 md5"),
            ("import cgi", "warning 0824 cgi"),
            ("import cgitb; cgitb.enable()", "warning 0824 cgitb"),
        ],
    );
}

#[test]
fn names_of_modules_that_are_gone_are_named() {
    each(
        "",
        &[
            (
                "import string\na = string.letters",
                "error 0825 string.letters",
            ),
            ("import string as s\na = s.join(b, '')", "error 0825 s.join"),
            ("from urllib import quote", "error 0825 quote"),
            ("import os\nos.getcwdu()", "error 0825 os.getcwdu"),
            ("import sys\na = sys.maxint", "error 0825 sys.maxint"),
            (
                "from itertools import izip as zip",
                "error 0825 izip as zip",
            ),
            (
                "import collections\na = collections.Mapping",
                "warning 0825 collections.Mapping",
            ),
        ],
    );
    assert_eq!(
        found("import cgi\na = cgi.escape(b)\n"),
        ["warning 0824 cgi", "error 0825 cgi.escape"]
    );
}

#[test]
fn built_in_names_that_are_gone_are_named() {
    each(
        "",
        &[
            ("a = unicode(b)", "error 0826 unicode"),
            ("for a in xrange(5): pass", "error 0826 xrange"),
            ("isinstance(a, basestring)", "error 0826 basestring"),
            ("execfile(a)", "error 0826 execfile"),
            ("reload(a)", "error 0826 reload"),
            ("f = file(a)", "error 0826 file"),
            (
                "try:\n    a = unicode(b)\nexcept Exception: pass",
                "warning 0826 unicode",
            ),
        ],
    );
}

#[test]
fn methods_that_are_gone_are_named() {
    each(
        "",
        &[
            ("a.has_key(b)", "warning 0827 has_key(b)"),
            (
                "for a, b in c.iteritems(): pass",
                "warning 0827 iteritems()",
            ),
            ("a = b.next()", "warning 0827 next()"),
            ("a.decode('base64')", "error 0828 'base64'"),
            ("'6162'.decode('hex')", "error 0828 'hex'"),
            ("a().encode('hex')", "error 0828 'hex'"),
            ("a = 'x'.decode('utf-8')", "error 0827 'x'.decode('utf-8')"),
        ],
    );
}

#[test]
fn what_a_file_knows_of_is_not_named() {
    none(
        "",
        &[
            "try:\n    import urllib2\nexcept ImportError:\n    import urllib.request as urllib2",
            "try:\n    from io import StringIO\nexcept ImportError:\n    from StringIO import StringIO",
            "try:\n    import cPickle as pickle\nexcept:\n    import pickle",
            "import sys\nif sys.version_info[0] < 3:\n    import httplib\n    a = unicode(b)",
            "if six.PY2:\n    a = xrange(5)",
            "try:\n    unicode\nexcept NameError:\n    unicode = str\na = unicode(b)",
            "def reduce(f, a): pass\nreduce(f, a)",
            "from functools import reduce\nreduce(f, a)",
            "def f(file): return file.read()",
            "def f(long=1, *cmp, **buffer): return long, cmp, buffer",
            "a.file = b.unicode(long=1)",
            "from compat import *\na = unicode(b)",
            "class A:\n    def next(self): pass\nA().next()",
            "next(a)\na.next(b)",
            "import six\nsix.iteritems(a)",
            "import codecs\ncodecs.encode(a, 'hex')\nb.encode('utf-8')",
            "a = b'x'.decode('utf-8') + Rb'x'.decode() + c.decode() + 'x'.encode()",
            "def f(string): return string.join(a)",
            "import string\na = string.ascii_letters",
            "import urllib.parse\na = urllib.parse.quote(b)",
            "import http.client, queue, configparser",
        ],
    );
}
