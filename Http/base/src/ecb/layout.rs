//! The C structures of ISAPI, field by field under their C names.
//!
//! Sizes and offsets are checked at compile time for 32 and 64 bit against the figures that the
//! mingw compiler gives for `httpext.h`.
#![allow(
    non_snake_case,
    non_camel_case_types,
    missing_docs,
    reason = "the names of httpext.h"
)]

use super::constants::{HSE_LOG_BUFFER_LEN, HSE_MAX_EXT_DLL_NAME_LEN, MAX_PATH};
use std::ffi::{c_char, c_void};

/// A Windows `BOOL`: 0 is FALSE.
pub type BOOL = i32;
/// A Windows `DWORD`.
pub type DWORD = u32;
/// The connection handle of a request; opaque to the extension.
pub type HCONN = *mut c_void;
/// A Windows `HANDLE`.
pub type HANDLE = *mut c_void;

/// `BOOL WINAPI GetExtensionVersion(HSE_VERSION_INFO *)`
pub type GetExtensionVersionFn = unsafe extern "system" fn(*mut HSE_VERSION_INFO) -> BOOL;
/// `DWORD WINAPI HttpExtensionProc(EXTENSION_CONTROL_BLOCK *)`
pub type HttpExtensionProcFn = unsafe extern "system" fn(*mut EXTENSION_CONTROL_BLOCK) -> DWORD;
/// `BOOL WINAPI TerminateExtension(DWORD)`
pub type TerminateExtensionFn = unsafe extern "system" fn(DWORD) -> BOOL;
/// `void WINAPI SetLastError(DWORD)`: the optional export by which a host off Windows tells an
/// extension why a callback returned FALSE.
pub type SetLastErrorFn = unsafe extern "system" fn(DWORD);

pub type GetServerVariableFn =
    unsafe extern "system" fn(HCONN, *const c_char, *mut c_void, *mut DWORD) -> BOOL;
pub type WriteClientFn = unsafe extern "system" fn(HCONN, *mut c_void, *mut DWORD, DWORD) -> BOOL;
pub type ReadClientFn = unsafe extern "system" fn(HCONN, *mut c_void, *mut DWORD) -> BOOL;
pub type ServerSupportFunctionFn =
    unsafe extern "system" fn(HCONN, DWORD, *mut c_void, *mut DWORD, *mut DWORD) -> BOOL;
/// `PFN_HSE_IO_COMPLETION`: control block, context, bytes, Win32 error.
pub type IoCompletionFn =
    unsafe extern "system" fn(*mut EXTENSION_CONTROL_BLOCK, *mut c_void, DWORD, DWORD);

#[repr(C)]
pub struct HSE_VERSION_INFO {
    pub dwExtensionVersion: DWORD,
    pub lpszExtensionDesc: [c_char; HSE_MAX_EXT_DLL_NAME_LEN],
}

#[repr(C)]
pub struct EXTENSION_CONTROL_BLOCK {
    pub cbSize: DWORD,
    pub dwVersion: DWORD,
    pub ConnID: HCONN,
    pub dwHttpStatusCode: DWORD,
    pub lpszLogData: [c_char; HSE_LOG_BUFFER_LEN],
    pub lpszMethod: *mut c_char,
    pub lpszQueryString: *mut c_char,
    pub lpszPathInfo: *mut c_char,
    pub lpszPathTranslated: *mut c_char,
    pub cbTotalBytes: DWORD,
    pub cbAvailable: DWORD,
    pub lpbData: *mut u8,
    pub lpszContentType: *mut c_char,
    pub GetServerVariable: GetServerVariableFn,
    pub WriteClient: WriteClientFn,
    pub ReadClient: ReadClientFn,
    pub ServerSupportFunction: ServerSupportFunctionFn,
}

#[repr(C)]
pub struct HSE_SEND_HEADER_EX_INFO {
    pub pszStatus: *const c_char,
    pub pszHeader: *const c_char,
    pub cchStatus: DWORD,
    pub cchHeader: DWORD,
    pub fKeepConn: BOOL,
}

#[repr(C)]
pub struct HSE_TF_INFO {
    pub pfnHseIO: Option<IoCompletionFn>,
    pub pContext: *mut c_void,
    pub hFile: HANDLE,
    pub pszStatusCode: *const c_char,
    pub BytesToWrite: DWORD,
    pub Offset: DWORD,
    pub pHead: *mut c_void,
    pub HeadLength: DWORD,
    pub pTail: *mut c_void,
    pub TailLength: DWORD,
    pub dwFlags: DWORD,
}

#[repr(C)]
pub struct HSE_URL_MAPEX_INFO {
    pub lpszPath: [c_char; MAX_PATH],
    pub dwFlags: DWORD,
    pub cchMatchingPath: DWORD,
    pub cchMatchingURL: DWORD,
    pub dwReserved1: DWORD,
    pub dwReserved2: DWORD,
}

#[repr(C)]
pub struct HSE_UNICODE_URL_MAPEX_INFO {
    pub lpszPath: [u16; MAX_PATH],
    pub dwFlags: DWORD,
    pub cchMatchingPath: DWORD,
    pub cchMatchingURL: DWORD,
}

#[repr(C)]
pub struct HSE_EXEC_URL_INFO {
    pub pszUrl: *mut c_char,
    pub pszMethod: *mut c_char,
    pub pszChildHeaders: *mut c_char,
    pub pUserInfo: *mut HSE_EXEC_URL_USER_INFO,
    pub pEntity: *mut HSE_EXEC_URL_ENTITY_INFO,
    pub dwExecUrlFlags: DWORD,
}

#[repr(C)]
pub struct HSE_EXEC_UNICODE_URL_INFO {
    pub pszUrl: *mut u16,
    pub pszMethod: *mut c_char,
    pub pszChildHeaders: *mut c_char,
    pub pUserInfo: *mut HSE_EXEC_UNICODE_URL_USER_INFO,
    pub pEntity: *mut HSE_EXEC_URL_ENTITY_INFO,
    pub dwExecUrlFlags: DWORD,
}

#[repr(C)]
pub struct HSE_EXEC_URL_USER_INFO {
    pub hImpersonationToken: HANDLE,
    pub pszCustomUserName: *mut c_char,
    pub pszCustomAuthType: *mut c_char,
}

#[repr(C)]
pub struct HSE_EXEC_UNICODE_URL_USER_INFO {
    pub hImpersonationToken: HANDLE,
    pub pszCustomUserName: *mut u16,
    pub pszCustomAuthType: *mut c_char,
}

#[repr(C)]
pub struct HSE_EXEC_URL_ENTITY_INFO {
    pub cbAvailable: DWORD,
    pub lpbData: *mut c_void,
}

#[repr(C)]
pub struct HSE_EXEC_URL_STATUS {
    pub uHttpStatusCode: u16,
    pub uHttpSubStatus: u16,
    pub dwWin32Error: DWORD,
}

#[repr(C)]
pub struct HSE_CUSTOM_ERROR_INFO {
    pub pszStatus: *mut c_char,
    pub uHttpSubError: u16,
    pub fAsync: BOOL,
}

/// `ULONGLONG` is aligned to 8 bytes on both Windows targets, as `u64` is in Rust there and on
/// 64-bit Linux; 32-bit Linux would align it to 4.
#[repr(C, align(8))]
pub struct HSE_VECTOR_ELEMENT {
    pub ElementType: DWORD,
    pub pvContext: *mut c_void,
    pub cbOffset: u64,
    pub cbSize: u64,
}

#[repr(C)]
pub struct HSE_RESPONSE_VECTOR {
    pub dwFlags: DWORD,
    pub pszStatus: *mut c_char,
    pub pszHeaders: *mut c_char,
    pub nElementCount: DWORD,
    pub lpElementArray: *mut HSE_VECTOR_ELEMENT,
}

#[repr(C)]
pub struct HSE_TRACE_INFO {
    pub fTraceRequest: BOOL,
    pub TraceContextId: [u8; 16],
    pub dwReserved1: DWORD,
    pub dwReserved2: DWORD,
}

#[repr(C)]
pub struct CERT_CONTEXT {
    pub dwCertEncodingType: DWORD,
    pub pbCertEncoded: *mut u8,
    pub cbCertEncoded: DWORD,
    pub pCertInfo: *mut c_void,
    pub hCertStore: *mut c_void,
}

#[repr(C)]
pub struct CERT_CONTEXT_EX {
    pub CertContext: CERT_CONTEXT,
    pub cbAllocated: DWORD,
    pub dwCertificateFlags: DWORD,
}

/// Checks one structure: its size, then each field's offset, for (32 bit, 64 bit).
macro_rules! check {
    ($struct:ident: $size32:literal $size64:literal;
     $($field:ident $at32:literal $at64:literal),* $(,)?) => {
        const _: () = {
            const WIDE: bool = size_of::<usize>() == 8;
            assert!(size_of::<$struct>() == if WIDE { $size64 } else { $size32 });
            $(assert!(std::mem::offset_of!($struct, $field)
                == if WIDE { $at64 } else { $at32 });)*
        };
    };
}

check!(HSE_VERSION_INFO: 260 260; dwExtensionVersion 0 0, lpszExtensionDesc 4 4);
check!(EXTENSION_CONTROL_BLOCK: 144 192;
    cbSize 0 0, dwVersion 4 4, ConnID 8 8, dwHttpStatusCode 12 16, lpszLogData 16 20,
    lpszMethod 96 104, lpszQueryString 100 112, lpszPathInfo 104 120,
    lpszPathTranslated 108 128, cbTotalBytes 112 136, cbAvailable 116 140, lpbData 120 144,
    lpszContentType 124 152, GetServerVariable 128 160, WriteClient 132 168,
    ReadClient 136 176, ServerSupportFunction 140 184);
check!(HSE_SEND_HEADER_EX_INFO: 20 32;
    pszStatus 0 0, pszHeader 4 8, cchStatus 8 16, cchHeader 12 20, fKeepConn 16 24);
check!(HSE_TF_INFO: 44 72;
    pfnHseIO 0 0, pContext 4 8, hFile 8 16, pszStatusCode 12 24, BytesToWrite 16 32,
    Offset 20 36, pHead 24 40, HeadLength 28 48, pTail 32 56, TailLength 36 64, dwFlags 40 68);
check!(HSE_URL_MAPEX_INFO: 280 280;
    lpszPath 0 0, dwFlags 260 260, cchMatchingPath 264 264, cchMatchingURL 268 268,
    dwReserved1 272 272, dwReserved2 276 276);
check!(HSE_UNICODE_URL_MAPEX_INFO: 532 532;
    lpszPath 0 0, dwFlags 520 520, cchMatchingPath 524 524, cchMatchingURL 528 528);
check!(HSE_EXEC_URL_INFO: 24 48;
    pszUrl 0 0, pszMethod 4 8, pszChildHeaders 8 16, pUserInfo 12 24, pEntity 16 32,
    dwExecUrlFlags 20 40);
check!(HSE_EXEC_UNICODE_URL_INFO: 24 48;
    pszUrl 0 0, pszMethod 4 8, pszChildHeaders 8 16, pUserInfo 12 24, pEntity 16 32,
    dwExecUrlFlags 20 40);
check!(HSE_EXEC_URL_USER_INFO: 12 24;
    hImpersonationToken 0 0, pszCustomUserName 4 8, pszCustomAuthType 8 16);
check!(HSE_EXEC_UNICODE_URL_USER_INFO: 12 24;
    hImpersonationToken 0 0, pszCustomUserName 4 8, pszCustomAuthType 8 16);
check!(HSE_EXEC_URL_ENTITY_INFO: 8 16; cbAvailable 0 0, lpbData 4 8);
check!(HSE_EXEC_URL_STATUS: 8 8; uHttpStatusCode 0 0, uHttpSubStatus 2 2, dwWin32Error 4 4);
check!(HSE_CUSTOM_ERROR_INFO: 12 16; pszStatus 0 0, uHttpSubError 4 8, fAsync 8 12);
check!(HSE_VECTOR_ELEMENT: 24 32; ElementType 0 0, pvContext 4 8, cbOffset 8 16, cbSize 16 24);
check!(HSE_RESPONSE_VECTOR: 20 40;
    dwFlags 0 0, pszStatus 4 8, pszHeaders 8 16, nElementCount 12 24, lpElementArray 16 32);
check!(HSE_TRACE_INFO: 28 28; fTraceRequest 0 0, TraceContextId 4 4, dwReserved1 20 20,
    dwReserved2 24 24);
check!(CERT_CONTEXT: 20 40; dwCertEncodingType 0 0, pbCertEncoded 4 8, cbCertEncoded 8 16,
    pCertInfo 12 24, hCertStore 16 32);
check!(CERT_CONTEXT_EX: 28 48; CertContext 0 0, cbAllocated 20 40, dwCertificateFlags 24 44);
