//! The numbers of `httpext.h`, under the names they have there.
//!
//! Source: mingw-w64's `httpext.h` (public domain) and Microsoft's IIS documentation.

/// `dwVersion` of IIS 10: major version in the high word.
pub const VERSION_IIS_10: u32 = 0x000A_0000;
/// The interface version an extension reports: 6.0, the newest that a public header names.
pub const HSE_VERSION: u32 = 0x0006_0000;

// ---- what HttpExtensionProc returns ----
/// Finished; whether the connection stays open was decided when the headers were sent.
pub const HSE_STATUS_SUCCESS: u32 = 1;
/// Finished; the connection may stay open.
pub const HSE_STATUS_SUCCESS_AND_KEEP_CONN: u32 = 2;
/// Not finished: `HSE_REQ_DONE_WITH_SESSION` follows, or has come already.
pub const HSE_STATUS_PENDING: u32 = 3;
/// Failed; the host logs 500 and adds nothing to a response that was begun.
pub const HSE_STATUS_ERROR: u32 = 4;

// ---- TerminateExtension ----
/// The extension may refuse to be unloaded.
pub const HSE_TERM_ADVISORY_UNLOAD: u32 = 1;
/// The extension is unloaded whatever it answers.
pub const HSE_TERM_MUST_UNLOAD: u32 = 2;

// ---- I/O flags ----
/// The call returns when it is done.
pub const HSE_IO_SYNC: u32 = 0x1;
/// The call returns at once; the completion callback follows.
pub const HSE_IO_ASYNC: u32 = 0x2;
/// Close the connection after this.
pub const HSE_IO_DISCONNECT_AFTER_SEND: u32 = 0x4;
/// The call carries the status line and headers.
pub const HSE_IO_SEND_HEADERS: u32 = 0x8;
/// No more data follows.
pub const HSE_IO_FINAL_SEND: u32 = 0x10;
/// The kernel may cache the response.
pub const HSE_IO_CACHE_RESPONSE: u32 = 0x20;
/// The server must not replace the body by its own error page.
pub const HSE_IO_TRY_SKIP_CUSTOM_ERRORS: u32 = 0x40;
/// Do not wait for more data before sending.
pub const HSE_IO_NODELAY: u32 = 0x1000;

// ---- HSE_VECTOR_ELEMENT.ElementType ----
/// `pvContext` points at memory.
pub const HSE_VECTOR_ELEMENT_TYPE_MEMORY_BUFFER: u32 = 0;
/// `pvContext` is a file handle.
pub const HSE_VECTOR_ELEMENT_TYPE_FILE_HANDLE: u32 = 1;

// ---- HSE_EXEC_URL_INFO.dwExecUrlFlags ----
/// The child's headers are not sent.
pub const HSE_EXEC_URL_NO_HEADERS: u32 = 0x02;
/// The wildcard handler that calls is left out; without it the same extension is called again.
pub const HSE_EXEC_URL_IGNORE_CURRENT_INTERCEPTOR: u32 = 0x04;
/// The child's request is not validated again.
pub const HSE_EXEC_URL_IGNORE_VALIDATION_AND_RANGE: u32 = 0x10;
/// The child's errors get no error page of the server.
pub const HSE_EXEC_URL_DISABLE_CUSTOM_ERROR: u32 = 0x20;
/// Server-side include.
pub const HSE_EXEC_URL_SSI_CMD: u32 = 0x40;
/// The child's response may be cached.
pub const HSE_EXEC_URL_HTTP_CACHE_ELIGIBLE: u32 = 0x80;

// ---- HSE_URL_MAPEX_INFO.dwFlags ----
/// Reading is allowed.
pub const HSE_URL_FLAGS_READ: u32 = 0x001;
/// Writing is allowed.
pub const HSE_URL_FLAGS_WRITE: u32 = 0x002;
/// Executing is allowed.
pub const HSE_URL_FLAGS_EXECUTE: u32 = 0x004;
/// TLS is demanded.
pub const HSE_URL_FLAGS_SSL: u32 = 0x008;
/// Proxies must not cache.
pub const HSE_URL_FLAGS_DONT_CACHE: u32 = 0x010;
/// A client certificate is accepted.
pub const HSE_URL_FLAGS_NEGO_CERT: u32 = 0x020;
/// A client certificate is demanded.
pub const HSE_URL_FLAGS_REQUIRE_CERT: u32 = 0x040;
/// A client certificate is mapped to an account.
pub const HSE_URL_FLAGS_MAP_CERT: u32 = 0x080;
/// 128-bit TLS is demanded.
pub const HSE_URL_FLAGS_SSL128: u32 = 0x100;
/// Scripts may run.
pub const HSE_URL_FLAGS_SCRIPT: u32 = 0x200;
/// All flags.
pub const HSE_URL_FLAGS_MASK: u32 = 0x3FF;

// ---- HSE_REQ_IS_IN_PROCESS ----
/// The extension runs in the worker process.
pub const HSE_APP_FLAG_IN_PROCESS: u32 = 0;
/// It runs isolated.
pub const HSE_APP_FLAG_ISOLATED_OOP: u32 = 1;
/// It runs in a pool.
pub const HSE_APP_FLAG_POOLED_OOP: u32 = 2;

// ---- lengths ----
/// Bytes of `lpszLogData`.
pub const HSE_LOG_BUFFER_LEN: usize = 80;
/// Bytes of `lpszExtensionDesc`.
pub const HSE_MAX_EXT_DLL_NAME_LEN: usize = 256;
/// Windows' `MAX_PATH`.
pub const MAX_PATH: usize = 260;
/// `cbTotalBytes` of a body whose length is not known (chunked, or 4 GiB and more).
pub const UNKNOWN_LENGTH: u32 = 0xFFFF_FFFF;
/// How much of the body IIS reads before it calls the extension (`uploadReadAheadSize`).
pub const UPLOAD_READ_AHEAD: usize = 49_152;

macro_rules! requests {
    ($($name:ident = $number:literal)*) => {
        $(#[doc = concat!("Request ", stringify!($number), " of `ServerSupportFunction`.")]
        pub const $name: u32 = $number;)*
        /// The name of a request number, for logs and traces.
        pub fn request_name(number: u32) -> Option<&'static str> {
            match number {
                $($number => Some(stringify!($name)),)*
                _ => None,
            }
        }
        /// Every request number that the public headers name.
        pub const ALL_REQUESTS: &[u32] = &[$($number),*];
    };
}

requests! {
    HSE_REQ_SEND_URL_REDIRECT_RESP = 1
    HSE_REQ_SEND_URL = 2
    HSE_REQ_SEND_RESPONSE_HEADER = 3
    HSE_REQ_DONE_WITH_SESSION = 4
    HSE_REQ_MAP_URL_TO_PATH = 1001
    HSE_REQ_GET_SSPI_INFO = 1002
    HSE_APPEND_LOG_PARAMETER = 1003
    HSE_REQ_IO_COMPLETION = 1005
    HSE_REQ_TRANSMIT_FILE = 1006
    HSE_REQ_REFRESH_ISAPI_ACL = 1007
    HSE_REQ_IS_KEEP_CONN = 1008
    HSE_REQ_ASYNC_READ_CLIENT = 1010
    HSE_REQ_GET_IMPERSONATION_TOKEN = 1011
    HSE_REQ_MAP_URL_TO_PATH_EX = 1012
    HSE_REQ_ABORTIVE_CLOSE = 1014
    HSE_REQ_GET_CERT_INFO_EX = 1015
    HSE_REQ_SEND_RESPONSE_HEADER_EX = 1016
    HSE_REQ_CLOSE_CONNECTION = 1017
    HSE_REQ_IS_CONNECTED = 1018
    HSE_REQ_EXTENSION_TRIGGER = 1020
    HSE_REQ_MAP_UNICODE_URL_TO_PATH = 1023
    HSE_REQ_MAP_UNICODE_URL_TO_PATH_EX = 1024
    HSE_REQ_EXEC_UNICODE_URL = 1025
    HSE_REQ_EXEC_URL = 1026
    HSE_REQ_GET_EXEC_URL_STATUS = 1027
    HSE_REQ_SEND_CUSTOM_ERROR = 1028
    HSE_REQ_IS_IN_PROCESS = 1030
    HSE_REQ_REPORT_UNHEALTHY = 1032
    HSE_REQ_NORMALIZE_URL = 1033
    HSE_REQ_VECTOR_SEND = 1037
    HSE_REQ_GET_ANONYMOUS_TOKEN = 1038
    HSE_REQ_GET_CACHE_INVALIDATION_CALLBACK = 1040
    HSE_REQ_GET_UNICODE_ANONYMOUS_TOKEN = 1041
    HSE_REQ_GET_TRACE_INFO = 1042
    HSE_REQ_SET_FLUSH_FLAG = 1043
    HSE_REQ_GET_TRACE_INFO_EX = 1044
    HSE_REQ_RAISE_TRACE_EVENT = 1045
    HSE_REQ_GET_CONFIG_OBJECT = 1046
    HSE_REQ_GET_WORKER_PROCESS_SETTINGS = 1047
    HSE_REQ_GET_PROTOCOL_MANAGER_CUSTOM_INTERFACE_CALLBACK = 1048
    HSE_REQ_CANCEL_IO = 1049
    HSE_REQ_GET_CHANNEL_BINDING_TOKEN = 1050
}
