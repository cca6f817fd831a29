//! What the acceptance tests share.

pub mod docs;
