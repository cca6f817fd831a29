//! What the acceptance tests share.

pub mod probe;
