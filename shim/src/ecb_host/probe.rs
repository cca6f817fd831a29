//! What a test may ask of a host besides answers: which calls were made, and that some go wrong.

use super::trace::Call;
use isapi_base::ecb::win32::Win32Error;
use isapi_base::host_variables;
use std::collections::HashSet;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Something that goes wrong between an extension, the server and the client. IIS does each of
/// these, only seldom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client goes away after so many bytes of the body.
    ClientGone(u64),
    /// `WriteClient` fails from the call of this number on (counted from 1); the client stays.
    WriteFails(u64),
    /// Little of the body is preloaded, and `ReadClient` never gives more than so many bytes.
    ShortReads(usize),
    /// The body ends in its middle: TRUE with 0 bytes.
    ZeroRead,
    /// Reading fails in the middle of the body.
    ReadFails,
    /// Each variable is longer than the first buffer that is offered for it.
    SmallBuffers,
    /// This variable is unknown; `None`: all are but those that every request needs.
    UnknownVariable(Option<String>),
    /// The client does not say how long the body is, and not all of it is preloaded.
    UnknownLength,
}

/// How much longer [`Fault::SmallBuffers`] makes a variable: more than any buffer that an extension
/// offers before it knows the size.
const LONGER: u32 = 65_536;

/// What a host must know for a script to be called at all.
const NEEDED: [&[u8]; 3] = [
    b"APPL_PHYSICAL_PATH",
    b"SCRIPT_TRANSLATED",
    b"SERVER_PROTOCOL",
];

impl Fault {
    /// Those that are tried on every request with `--faults`; the last ones need a body.
    pub fn all(has_body: bool) -> Vec<Self> {
        let mut all = vec![
            Self::ClientGone(0),
            Self::ClientGone(1),
            Self::WriteFails(1),
            Self::SmallBuffers,
            Self::UnknownVariable(None),
        ];
        if has_body {
            all.extend([
                Self::ShortReads(7),
                Self::ZeroRead,
                Self::ReadFails,
                Self::UnknownLength,
            ]);
        }
        all
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, value) = text.split_once('=').unwrap_or((text, ""));
        let (word, value) = (word.trim(), value.trim());
        let number = || {
            value
                .parse::<u32>()
                .map_err(|_| format!("`{word}` needs a number: `{word}=1`"))
        };
        let fault = match word {
            "client-gone" => Self::ClientGone(number()?.into()),
            "write-fails" => match number()? {
                0 => return Err("calls are counted from 1: `write-fails=1`".to_owned()),
                call => Self::WriteFails(call.into()),
            },
            "short-reads" => match number()? {
                0 => return Err("a read of nothing is `zero-read`".to_owned()),
                size => Self::ShortReads(usize::try_from(size).unwrap_or(usize::MAX)),
            },
            "unknown-variable" if value.is_empty() => Self::UnknownVariable(None),
            "unknown-variable"
                if value
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') =>
            {
                Self::UnknownVariable(Some(value.to_ascii_uppercase()))
            }
            "zero-read" | "read-fails" | "small-buffers" | "unknown-length"
                if !value.is_empty() =>
            {
                return Err(format!("`{word}` has no value"));
            }
            "zero-read" => Self::ZeroRead,
            "read-fails" => Self::ReadFails,
            "small-buffers" => Self::SmallBuffers,
            "unknown-length" => Self::UnknownLength,
            _ => return Err(format!("`{text}` is no fault")),
        };
        Ok(fault)
    }
}

impl std::fmt::Display for Fault {
    /// As it is written behind `# @fault`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::ClientGone(after) => write!(f, "client-gone={after}"),
            Self::WriteFails(call) => write!(f, "write-fails={call}"),
            Self::ShortReads(size) => write!(f, "short-reads={size}"),
            Self::ZeroRead => f.write_str("zero-read"),
            Self::ReadFails => f.write_str("read-fails"),
            Self::SmallBuffers => f.write_str("small-buffers"),
            Self::UnknownVariable(None) => f.write_str("unknown-variable"),
            Self::UnknownVariable(Some(name)) => write!(f, "unknown-variable={name}"),
            Self::UnknownLength => f.write_str("unknown-length"),
        }
    }
}

/// What a host does for a test. A host without a test pays one look.
#[derive(Debug, Default)]
pub struct Probe {
    /// Something is wanted of it.
    on: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    keeps_calls: bool,
    calls: Vec<String>,
    /// The core is being set up.
    sets_up: bool,
    fault: Option<Fault>,
    writes: u64,
    asked: HashSet<Vec<u8>>,
}

impl Probe {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state, where something is wanted of it.
    fn wanted(&self) -> Option<MutexGuard<'_, State>> {
        self.on.load(Ordering::Acquire).then(|| self.state())
    }

    /// Begins anew, for one request: which calls are kept, and what goes wrong in it.
    pub fn begin(&self, keep_calls: bool, fault: Option<Fault>) {
        let on = keep_calls || fault.is_some();
        *self.state() = State {
            keeps_calls: keep_calls,
            fault,
            ..State::default()
        };
        self.on.store(on, Ordering::Release);
    }

    /// The calls since [`Probe::begin`], one a line, without what differs from run to run.
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.state().calls)
    }

    pub(super) fn keeps_calls(&self) -> bool {
        self.wanted().is_some_and(|state| state.keeps_calls)
    }

    pub(super) fn keep(&self, call: &Call<'_>) {
        let Some(mut state) = self.wanted() else {
            return;
        };
        // The core asks for its own variables, and where it is, once: whichever request comes first.
        if call.argument.starts_with("PYISAPIE_") {
            state.sets_up = true;
        } else if state.sets_up && call.argument.ends_with("APPL_PHYSICAL_PATH") {
            state.sets_up = false;
        } else if state.keeps_calls {
            state.calls.push(call.lasting());
        }
    }

    /// How much of a body is preloaded: `usual` unless a fault wants to be met by `ReadClient`.
    pub(super) fn preload(&self, usual: usize) -> usize {
        let Some(state) = self.wanted() else {
            return usual;
        };
        match state.fault {
            Some(Fault::ShortReads(size)) => usual.min(size),
            Some(Fault::ZeroRead | Fault::ReadFails) => usual / 2,
            // Less than any body, or its end would be met, and its length known.
            Some(Fault::UnknownLength) => usual.min(1),
            _ => usual,
        }
    }

    /// How much `ReadClient` may give of `room`.
    ///
    /// # Errors
    /// Reading fails.
    pub(super) fn reading(&self, room: usize) -> Result<usize, Win32Error> {
        let Some(state) = self.wanted() else {
            return Ok(room);
        };
        match state.fault {
            Some(Fault::ShortReads(size)) => Ok(room.min(size)),
            Some(Fault::ZeroRead) => Ok(0),
            Some(Fault::ReadFails) => Err(Win32Error::WSAECONNRESET),
            _ => Ok(room),
        }
    }

    /// Counts a `WriteClient`.
    ///
    /// # Errors
    /// It fails.
    pub(super) fn writing(&self) -> Result<(), Win32Error> {
        let Some(mut state) = self.wanted() else {
            return Ok(());
        };
        state.writes += 1;
        match state.fault {
            Some(Fault::WriteFails(first)) if state.writes >= first => {
                Err(Win32Error::NETNAME_DELETED)
            }
            _ => Ok(()),
        }
    }

    /// What is added to the size of a variable when it is asked for first.
    ///
    /// # Errors
    /// The variable is unknown.
    pub(super) fn variable(&self, name: &[u8], offered: u32) -> Result<u32, Win32Error> {
        let Some(mut state) = self.wanted() else {
            return Ok(0);
        };
        let plain = name.strip_prefix(b"UNICODE_").unwrap_or(name);
        match &state.fault {
            // The core learns from these how it is to run, which no server changes.
            _ if name.starts_with(host_variables::PREFIX) => Ok(0),
            Some(Fault::UnknownVariable(None)) if NEEDED.contains(&plain) => Ok(0),
            Some(Fault::UnknownVariable(None)) => Err(Win32Error::INVALID_INDEX),
            Some(Fault::UnknownVariable(Some(unknown))) => {
                if plain.eq_ignore_ascii_case(unknown.as_bytes()) {
                    Err(Win32Error::INVALID_INDEX)
                } else {
                    Ok(0)
                }
            }
            // A caller that asks for the size first has been told already.
            Some(Fault::SmallBuffers) if offered < LONGER && state.asked.len() < 4096 => {
                Ok(if state.asked.insert(name.to_owned()) {
                    LONGER
                } else {
                    0
                })
            }
            _ => Ok(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_back_from_how_it_is_shown() {
        let named = Fault::UnknownVariable(Some("AUTH_USER".to_owned()));
        for fault in Fault::all(true).into_iter().chain([named]) {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
    }

    #[test]
    fn what_is_no_fault_is_refused_with_a_reason() {
        for text in [
            "",
            "client-gone",
            "client-gone=x",
            "write-fails=0",
            "short-reads=0",
            "zero-read=1",
            "unknown-variable=A B",
            "power-cut",
        ] {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
    }
}
