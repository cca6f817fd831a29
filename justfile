# What is done again and again. `just` lists it.

default:
    @just --list

# All tests, as the README has it
test *arguments:
    cargo test --workspace {{arguments}}

# All tests with another Python: just test-with /usr/bin/python3.13
test-with python:
    PYO3_PYTHON={{python}} cargo test --workspace

# Format, lint, check the documentation
lint:
    .ci/run setup lint

# Look at changed snapshots of the acceptance tests
review:
    cargo insta review --manifest-path tests/Cargo.toml --snapshot-path snapshots

# Take every response of the examples as its snapshot
accept-examples:
    cargo run -p isapi-shim -- test --accept examples

# What a request costs, beside the plain Python call
bench:
    cargo bench -p isapi-http

# Beside other servers, in turns; writes docs/performance.md: just compare --quick
compare *arguments:
    benches/compare/run {{arguments}}

# A fuzz target for so many seconds: just fuzz host 1800
fuzz target seconds="60":
    tests/fuzz/run {{target}} {{seconds}}

# Miri, AddressSanitizer and LeakSanitizer: just sanitize miri
sanitize *arguments:
    tests/sanitize {{arguments}}

# Many requests of all kinds, each with a token: just soak --requests 5000000
soak *arguments:
    cargo run --release --quiet -p acceptance --example soak -- {{arguments}}

# How time and memory grow with the work; writes docs/performance.md: just growth --quick
growth *arguments:
    benches/growth/run {{arguments}}

# Run one script: just run examples/site/hello.py
run *arguments:
    cargo run --quiet -p isapi-shim -- run {{arguments}}

# Serve a folder: just serve examples/site
serve *arguments:
    cargo run --release -p isapi-shim -- serve {{arguments}}

# WSGI tests of other servers, and our own of PEP 3333: just peers waitress
peers *arguments:
    tests/peers/run {{arguments}}

# Set up this machine for the Windows side, and build it: PyISAPIe.dll, cores, isapi-shim.exe
windows-build:
    isapi-dll/windows/setup
    isapi-dll/windows/build
    isapi-dll/windows/build --target i686-pc-windows-gnu --pythons 3.13

# The acceptance tests through PyISAPIe.dll under Wine: just windows-test --python 3.13
windows-test *arguments:
    isapi-dll/windows/test {{arguments}}

# PyISAPIe.dll beside pywin32's loader under Wine, and a million requests
windows-bench:
    isapi-dll/windows/bench

# The release archives for Windows
release:
    isapi-dll/windows/setup build
    isapi-dll/windows/release

# Build and test the wheel: just wheel --debug --python 3.13
wheel *arguments:
    shim/wheel/test {{arguments}}

# The snapshots of the examples
examples:
    cargo run --quiet -p isapi-shim -- test examples

# Real applications over a real socket: just apps django flask; just apps --windows
apps *arguments:
    tests/apps/run {{arguments}}

# Everything that must hold before a change lands
ci:
    .ci/run
