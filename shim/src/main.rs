//! Maps the result of the command to an exit code, and nothing else.

#[cfg(all(feature = "mimalloc", not(windows)))]
mod allocator;

fn main() {
    #[cfg(all(feature = "mimalloc", not(windows)))]
    allocator::set_up();
    isapi_shim::process::end(isapi_shim::command(std::env::args_os()))
}
