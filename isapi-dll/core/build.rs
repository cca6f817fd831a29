//! Gives what is linked here the run path of the Python the core was built for.

fn main() {
    if let Ok(dir) = std::env::var("DEP_PYISAPIE_CORE_LIBDIR")
        && std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux")
    {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{dir}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
