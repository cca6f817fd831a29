//! What the core, its carriers (the DLL, the command) and the fake host share. Nothing here needs
//! Python: a carrier has to say something sensible where there is none.
//!
//! [`ecb`] is the interface of ISAPI, [`calls`] the one between a carrier and the core,
//! [`host_variables`] how a host that is not IIS says more than IIS would; [`page`] and [`codes`]
//! are what a client is told when something fails.
#![deny(unsafe_code)]

pub mod calls;
pub mod codes;
pub mod ecb;
pub mod guard;
pub mod host_variables;
pub mod page;
