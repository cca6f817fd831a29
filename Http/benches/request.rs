//! The cost of a request through the core, without sockets, and beside it the plain Python call of
//! the same function with functions of Python's own that do as good as nothing.
//!
//! `cargo bench -p isapi-http`. What the core costs is the difference of the two lines.
#![allow(missing_docs, reason = "criterion's macros make public functions")]

mod memory_host;

use criterion::{Criterion, criterion_group, criterion_main};
use isapi_base::ecb::constants::HSE_STATUS_SUCCESS_AND_KEEP_CONN;
use isapi_base::ecb::layout::HSE_VERSION_INFO;
use memory_host::MemoryHost;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::ffi::CString;
use std::path::PathBuf;

struct Case {
    name: &'static str,
    /// The body of `Request()`.
    code: &'static str,
    /// Stands in for the functions of `Http` in the plain call: C functions that return at once.
    plain: &'static str,
    body: usize,
    written: usize,
}

const CASES: &[Case] = &[
    Case {
        name: "hello",
        code: "Header('Content-type: text/html'); Write('Hello, World!')",
        plain: "Header = Write = id",
        body: 0,
        written: 13,
    },
    Case {
        name: "20 server variables",
        code: "[getattr(Env, n) for n in NAMES]; Write('x')",
        plain: "Write = id; from types import SimpleNamespace; \
                Env = SimpleNamespace(**{n: 'a value' for n in NAMES})",
        body: 0,
        written: 1,
    },
    Case {
        name: "64 KiB write",
        code: "Write(DATA)",
        plain: "Write = id",
        body: 0,
        written: 65_536,
    },
    Case {
        name: "1 MiB read",
        code: "Write(str(len(Read())))",
        plain: "Write = id; Read = lambda: b'x' * 1048576",
        body: 1 << 20,
        written: 7,
    },
];

const PRELUDE: &str = "NAMES = ['HTTP_X_%d' % i for i in range(20)]\nDATA = 'x' * 65536\n";

fn source(case: &Case, import: &str) -> String {
    format!("{PRELUDE}{import}\ndef Request():\n    {}\n", case.code)
}

fn requests(criterion: &mut Criterion) {
    let folder = tempfile_folder();
    // SAFETY: the structure is writable.
    let started = unsafe {
        let mut version: HSE_VERSION_INFO = std::mem::zeroed();
        isapi_http::GetExtensionVersion(&raw mut version)
    };
    assert_eq!(started, 1);
    for case in CASES {
        let script = folder.join(format!("{}.py", case.name.replace(' ', "_")));
        std::fs::write(&script, source(case, "from Http import *")).expect("writable");
        let mut host = MemoryHost::new(&script, vec![b'x'; case.body]);
        assert_eq!(
            host.request(),
            HSE_STATUS_SUCCESS_AND_KEEP_CONN,
            "{}",
            case.name
        );
        assert_eq!(host.written, case.written, "{}", case.name);
        let mut group = criterion.benchmark_group(case.name);
        group.bench_function("core", |b| b.iter(|| host.request()));
        group.bench_function("plain Python call", |b| {
            Python::attach(|py| {
                let scope = PyDict::new(py);
                let code = CString::new(source(case, case.plain)).expect("no NUL");
                py.run(&code, Some(&scope), None).expect("the script runs");
                let function = scope
                    .get_item("Request")
                    .expect("a dict")
                    .expect("is defined");
                b.iter(|| function.call0().expect("the call works"));
            });
        });
        group.finish();
    }
}

/// Beside the build, so that nothing is left elsewhere.
fn tempfile_folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("bench-site");
    std::fs::create_dir_all(&folder).expect("the target folder is writable");
    folder
}

criterion_group!(benches, requests);
criterion_main!(benches);
