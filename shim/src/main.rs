//! Maps the result of the command to an exit code, and nothing else.

fn main() {
    isapi_shim::process::end(isapi_shim::command(std::env::args_os()))
}
