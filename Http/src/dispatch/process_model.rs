//! How the host runs requests: what WSGI applications are told by `wsgi.multithread` and its like.

/// See [`isapi_base::host_variables::PROCESS_MODEL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessModel {
    /// One process, many threads.
    Threads,
    /// Several such processes, or nobody knows.
    Processes,
    /// One request, then the process ends.
    Once,
}

impl ProcessModel {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "threads" => Some(Self::Threads),
            "processes" => Some(Self::Processes),
            "once" => Some(Self::Once),
            _ => None,
        }
    }

    /// Another thread of this process may call the application at the same time.
    pub(crate) fn multithread(self) -> bool {
        self != Self::Once
    }

    /// Another process may.
    pub(crate) fn multiprocess(self) -> bool {
        self == Self::Processes
    }

    /// The application is called once in the life of the process.
    pub(crate) fn run_once(self) -> bool {
        self == Self::Once
    }
}
