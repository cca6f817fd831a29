//! How this library gets its core, and what is set up with it.

use crate::pool::Pool;
use crate::{CARRIER, POOL, log};
use isapi_base::calls::Calls;
use isapi_loader::{Carrier, Result, Settings};

/// The core for the Python that is found, with the log and the threads that the settings want.
pub(crate) fn acquire(carrier: &Carrier) -> Result<Calls> {
    let settings = Settings::read(carrier.place()?)?;
    // First: what follows may have something to say.
    log::open(&settings.log)?;
    let calls = calls(carrier)?;
    POOL.get_or_init(|| {
        (settings.threads > 0).then(|| {
            let queue = settings.queue.unwrap_or(isapi_loader::QUEUE);
            Pool::start(settings.threads, queue, |ecb| {
                // SAFETY: the pool hands on what the server has given to HttpExtensionProc.
                unsafe { CARRIER.process(ecb) }
            })
        })
    });
    Ok(calls)
}

#[cfg(windows)]
fn calls(carrier: &Carrier) -> Result<Calls> {
    isapi_loader::load_core(carrier)
}

/// The core is linked: there is nothing to be found.
#[cfg(not(windows))]
fn calls(carrier: &Carrier) -> Result<Calls> {
    let place = carrier.place()?;
    isapi_http::start(isapi_http::Carrier {
        library_folder: place.folder().to_owned(),
        package: place.package().to_owned(),
        python: None,
        log: carrier.log(),
    });
    Ok(Calls {
        process: isapi_http::HttpExtensionProc,
        terminate: isapi_http::TerminateExtension,
    })
}
