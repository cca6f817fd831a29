/* The ISAPI extension interface, written from its documentation with fixed-width types and not
 * from the host's own declarations: that is what makes the probe an independent witness. Only the
 * 64-bit layout is asserted. */
#ifndef ISAPI_H
#define ISAPI_H

#include <stddef.h>
#include <stdint.h>

typedef int32_t BOOL;
typedef uint32_t DWORD;
typedef uint16_t USHORT;
typedef uint16_t WCHAR;
typedef uint64_t ULONGLONG;
typedef void *HANDLE;
typedef void *HCONN;

#define FALSE 0
#define TRUE 1
#define MAX_PATH 260

typedef struct EXTENSION_CONTROL_BLOCK {
    DWORD cbSize;
    DWORD dwVersion;
    HCONN ConnID;
    DWORD dwHttpStatusCode;
    char lpszLogData[80];
    char *lpszMethod;
    char *lpszQueryString;
    char *lpszPathInfo;
    char *lpszPathTranslated;
    DWORD cbTotalBytes;
    DWORD cbAvailable;
    unsigned char *lpbData;
    char *lpszContentType;
    BOOL (*GetServerVariable)(HCONN, const char *name, void *buffer, DWORD *size);
    BOOL (*WriteClient)(HCONN, const void *buffer, DWORD *size, DWORD flags);
    BOOL (*ReadClient)(HCONN, void *buffer, DWORD *size);
    BOOL (*ServerSupportFunction)(HCONN, DWORD request, void *buffer, DWORD *size, DWORD *type);
} ECB;

typedef struct {
    DWORD dwExtensionVersion;
    char lpszExtensionDesc[256];
} HSE_VERSION_INFO;

typedef void (*PFN_HSE_IO_COMPLETION)(ECB *, void *context, DWORD size, DWORD error);

typedef struct {
    const char *pszStatus;
    const char *pszHeader;
    DWORD cchStatus;
    DWORD cchHeader;
    BOOL fKeepConn;
} HSE_SEND_HEADER_EX_INFO;

typedef struct {
    PFN_HSE_IO_COMPLETION pfnHseIO;
    void *pContext;
    HANDLE hFile;
    const char *pszStatusCode;
    DWORD BytesToWrite;
    DWORD Offset;
    void *pHead;
    DWORD HeadLength;
    void *pTail;
    DWORD TailLength;
    DWORD dwFlags;
} HSE_TF_INFO;

typedef struct {
    char lpszPath[MAX_PATH];
    DWORD dwFlags;
    DWORD cchMatchingPath;
    DWORD cchMatchingURL;
    DWORD dwReserved1;
    DWORD dwReserved2;
} HSE_URL_MAPEX_INFO;

typedef struct {
    WCHAR lpszPath[MAX_PATH];
    DWORD dwFlags;
    DWORD cchMatchingPath;
    DWORD cchMatchingURL;
} HSE_UNICODE_URL_MAPEX_INFO;

typedef struct {
    DWORD cbAvailable;
    void *lpbData;
} HSE_EXEC_URL_ENTITY_INFO;

typedef struct {
    char *pszUrl;
    char *pszMethod;
    char *pszChildHeaders;
    void *pUserInfo;
    HSE_EXEC_URL_ENTITY_INFO *pEntity;
    DWORD dwExecUrlFlags;
} HSE_EXEC_URL_INFO;

typedef struct {
    WCHAR *pszUrl;
    char *pszMethod;
    char *pszChildHeaders;
    void *pUserInfo;
    HSE_EXEC_URL_ENTITY_INFO *pEntity;
    DWORD dwExecUrlFlags;
} HSE_EXEC_UNICODE_URL_INFO;

typedef struct {
    USHORT uHttpStatusCode;
    USHORT uHttpSubStatus;
    DWORD dwWin32Error;
} HSE_EXEC_URL_STATUS;

typedef struct {
    char *pszStatus;
    USHORT uHttpSubError;
    BOOL fAsync;
} HSE_CUSTOM_ERROR_INFO;

typedef struct {
    DWORD ElementType;
    void *pvContext;
    ULONGLONG cbOffset;
    ULONGLONG cbSize;
} HSE_VECTOR_ELEMENT;

typedef struct {
    DWORD dwFlags;
    char *pszStatus;
    char *pszHeaders;
    DWORD nElementCount;
    HSE_VECTOR_ELEMENT *lpElementArray;
} HSE_RESPONSE_VECTOR;

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define AT(type, member, offset) _Static_assert(offsetof(type, member) == (offset), #type "." #member)
SIZE(ECB, 192);
AT(ECB, ConnID, 8);
AT(ECB, dwHttpStatusCode, 16);
AT(ECB, lpszLogData, 20);
AT(ECB, lpszMethod, 104);
AT(ECB, lpszQueryString, 112);
AT(ECB, lpszPathInfo, 120);
AT(ECB, lpszPathTranslated, 128);
AT(ECB, cbTotalBytes, 136);
AT(ECB, cbAvailable, 140);
AT(ECB, lpbData, 144);
AT(ECB, lpszContentType, 152);
AT(ECB, GetServerVariable, 160);
AT(ECB, WriteClient, 168);
AT(ECB, ReadClient, 176);
AT(ECB, ServerSupportFunction, 184);
SIZE(HSE_VERSION_INFO, 260);
SIZE(HSE_SEND_HEADER_EX_INFO, 32);
SIZE(HSE_TF_INFO, 72);
AT(HSE_TF_INFO, pHead, 40);
AT(HSE_TF_INFO, dwFlags, 68);
SIZE(HSE_URL_MAPEX_INFO, 280);
SIZE(HSE_UNICODE_URL_MAPEX_INFO, 532);
AT(HSE_UNICODE_URL_MAPEX_INFO, dwFlags, 520);
SIZE(HSE_EXEC_URL_INFO, 48);
SIZE(HSE_EXEC_UNICODE_URL_INFO, 48);
SIZE(HSE_EXEC_URL_ENTITY_INFO, 16);
SIZE(HSE_EXEC_URL_STATUS, 8);
SIZE(HSE_CUSTOM_ERROR_INFO, 16);
SIZE(HSE_VECTOR_ELEMENT, 32);
SIZE(HSE_RESPONSE_VECTOR, 40);

enum {
    HSE_STATUS_SUCCESS = 1,
    HSE_STATUS_SUCCESS_AND_KEEP_CONN = 2,
    HSE_STATUS_PENDING = 3,
    HSE_STATUS_ERROR = 4,

    HSE_IO_SYNC = 1,
    HSE_IO_ASYNC = 2,
    HSE_IO_DISCONNECT_AFTER_SEND = 4,
    HSE_IO_SEND_HEADERS = 8,
    HSE_IO_FINAL_SEND = 0x10,
    HSE_IO_NODELAY = 0x1000,

    ELEMENT_MEMORY = 0,
    ELEMENT_FILE = 1,

    EXEC_NO_HEADERS = 0x02,
    EXEC_IGNORE_CURRENT_INTERCEPTOR = 0x04,

    SEND_URL_REDIRECT_RESP = 1,
    SEND_RESPONSE_HEADER = 3,
    DONE_WITH_SESSION = 4,
    MAP_URL_TO_PATH = 1001,
    GET_SSPI_INFO = 1002,
    APPEND_LOG_PARAMETER = 1003,
    IO_COMPLETION = 1005,
    TRANSMIT_FILE = 1006,
    IS_KEEP_CONN = 1008,
    ASYNC_READ_CLIENT = 1010,
    GET_IMPERSONATION_TOKEN = 1011,
    MAP_URL_TO_PATH_EX = 1012,
    SEND_RESPONSE_HEADER_EX = 1016,
    CLOSE_CONNECTION = 1017,
    IS_CONNECTED = 1018,
    MAP_UNICODE_URL_TO_PATH = 1023,
    MAP_UNICODE_URL_TO_PATH_EX = 1024,
    EXEC_UNICODE_URL = 1025,
    EXEC_URL = 1026,
    GET_EXEC_URL_STATUS = 1027,
    SEND_CUSTOM_ERROR = 1028,
    IS_IN_PROCESS = 1030,
    VECTOR_SEND = 1037,
    GET_ANONYMOUS_TOKEN = 1038,
    SET_FLUSH_FLAG = 1043,
};

#endif
