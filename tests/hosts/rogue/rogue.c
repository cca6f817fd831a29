/* An extension that writes where it must not, as the query says: the host has to notice. */
#include "../../extensions/isapi.h"

#include <string.h>

BOOL GetExtensionVersion(HSE_VERSION_INFO *info) {
    info->dwExtensionVersion = 0x00060000;
    strcpy(info->lpszExtensionDesc, "Rogue");
    return TRUE;
}

static ECB *remembered;

static DWORD answer(ECB *ecb) {
    static const char headers[] = "Content-Length: 0\r\n\r\n";
    HSE_SEND_HEADER_EX_INFO info = {"200 OK", headers, 6, sizeof headers - 1, TRUE};
    ecb->ServerSupportFunction(ecb->ConnID, SEND_RESPONSE_HEADER_EX, &info, NULL, NULL);
    return HSE_STATUS_SUCCESS_AND_KEEP_CONN;
}

DWORD HttpExtensionProc(ECB *ecb) {
    const char *what = ecb->lpszQueryString;
    DWORD result = answer(ecb), size = 1;
    if (strcmp(what, "block") == 0)
        ecb->cbTotalBytes++;
    if (strcmp(what, "method") == 0)
        ecb->lpszMethod[0] = 'X';
    if (strcmp(what, "body") == 0)
        ecb->lpbData[0]++;
    if (strcmp(what, "behind-body") == 0)
        ecb->lpbData[ecb->cbAvailable] = 0;
    if (strcmp(what, "log") == 0)
        memset(ecb->lpszLogData, 'x', sizeof ecb->lpszLogData);
    if (strcmp(what, "allowed") == 0) {
        ecb->dwHttpStatusCode = 404;
        strcpy(ecb->lpszLogData, "log");
    }
    if (strcmp(what, "headers") == 0)
        answer(ecb);
    if (strcmp(what, "asynchronous") == 0)
        ecb->WriteClient(ecb->ConnID, "x", &size, HSE_IO_ASYNC);
    if (strcmp(what, "remember") == 0)
        remembered = ecb;
    if (strcmp(what, "late") == 0)
        remembered->dwHttpStatusCode = 500;
    return result;
}
