//! The extension library in a host that this project did not write (`tests/hosts`): what IIS is
//! documented to do, and what a network does to it, with scripts on top. Expectations come from
//! the documentation of ISAPI and from what PyISAPIe did, not from the code under test.
#![cfg(unix)]

#[path = "other_host/body.rs"]
mod body;
#[path = "other_host/carrier.rs"]
mod carrier;
#[path = "other_host/clients.rs"]
mod clients;
#[path = "other_host/headers.rs"]
mod headers;
#[path = "other_host/life.rs"]
mod life;
#[path = "other_host/own_threads.rs"]
mod own_threads;
#[path = "other_host/passing.rs"]
mod passing;
#[path = "other_host/response.rs"]
mod response;
#[path = "other_host/threads.rs"]
mod threads;
#[path = "other_host/variables.rs"]
mod variables;
#[path = "other_host/witness.rs"]
mod witness;
