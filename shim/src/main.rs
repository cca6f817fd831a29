//! Maps the result of the command to an exit code, and nothing else.

fn main() -> std::process::ExitCode {
    isapi_shim::main(std::env::args_os())
}
