//! The contract between the host and an extension, told by an extension that was written from
//! ISAPI's documentation alone. Each test is one rule.
#![cfg(unix)]

#[path = "extension_contract/asynchronous.rs"]
mod asynchronous;
#[path = "extension_contract/children.rs"]
mod children;
#[path = "extension_contract/ending.rs"]
mod ending;
#[path = "extension_contract/loading.rs"]
mod loading;
#[path = "extension_contract/misuse.rs"]
mod misuse;
#[path = "extension_contract/paths.rs"]
mod paths;
#[path = "extension_contract/pending.rs"]
mod pending;
#[path = "extension_contract/request_body.rs"]
mod request_body;
#[path = "extension_contract/response.rs"]
mod response;
#[path = "extension_contract/response_head.rs"]
mod response_head;
#[path = "extension_contract/variables.rs"]
mod variables;
