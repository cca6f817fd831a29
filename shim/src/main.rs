//! Maps the result of the command to an exit code, and nothing else.

#[cfg(all(feature = "mimalloc", not(windows)))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    isapi_shim::process::end(isapi_shim::command(std::env::args_os()))
}
