//! Maps the result of the command to an exit code, and nothing else.

/// A request makes some fifty small pieces of memory, and frees them on the thread that made them.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    isapi_shim::process::end(isapi_shim::command(std::env::args_os()))
}
