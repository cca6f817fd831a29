/* ServerSupportFunction: what an extension needs to answer, to pass a request on, and to end it. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INVALID_PARAMETER = 87, INVALID_INDEX = 1413 };

/* A counted text ends at its first NUL, too: some extensions count it. */
static size_t counted(const char *it, DWORD length) {
    const char *end = it ? memchr(it, 0, length) : NULL;
    return !it ? 0 : end ? (size_t)(end - it) : length;
}

static BOOL head(request *r, const char *status, size_t status_length, const char *headers,
                 size_t length, BOOL keep) {
    if (r->headers_sent) {
        problem(r, "headers sent twice");
        return refuse(r, INVALID_PARAMETER);
    }
    if (r->executing)
        problem(r, "headers while a child answers");
    r->headers_sent = TRUE;
    event_visible(r, "status", status_length ? status : "200 OK",
                  status_length ? status_length : 6);
    event_visible(r, "head", headers, length);
    event(r, "keep %d", keep != 0);
    if (length < 4 || memcmp(headers + length - 4, "\r\n\r\n", 4) != 0)
        problem(r, "headers without a blank line");
    return TRUE;
}

static BOOL head_ex(request *r, const HSE_SEND_HEADER_EX_INFO *info) {
    if (!info)
        return refuse(r, INVALID_PARAMETER);
    return head(r, info->pszStatus, counted(info->pszStatus, info->cchStatus), info->pszHeader,
                counted(info->pszHeader, info->cchHeader), info->fKeepConn);
}

/* Another thread has answered the request: by the next handler, or by the same extension. */
static void complete(void *argument) {
    request *r = argument;
    lock();
    while (r->how.complete == 'a' && !r->returned)
        await();
    PFN_HSE_IO_COMPLETION completion = r->completion;
    void *context = r->context;
    /* The child has ended; its parent may ask for its status and say that it is done. */
    r->executing = FALSE;
    unlock();
    event(r, "completion");
    completion(r->ecb, context, 0, 0);
}

static BOOL execute(request *r, const HSE_EXEC_UNICODE_URL_INFO *info) {
    if (!info || !r->completion || r->executing) {
        problem(r, "a child request without completion, or a second one");
        return refuse(r, INVALID_PARAMETER);
    }
    event(r, "execute url=%s method=%s headers=%s user=%s entity=%s flags=%u",
          info->pszUrl ? "given" : "NULL", info->pszMethod ? "given" : "NULL",
          info->pszChildHeaders ? "given" : "NULL", info->pUserInfo ? "given" : "NULL",
          info->pEntity ? "given" : "NULL", info->dwExecUrlFlags);
    r->executing = TRUE;
    if (r->how.recurse) {
        /* A script map: the flag does not take this handler away, so IIS comes back to it on the
         * same thread. The child answers the client. */
        settings how = r->how;
        how.recurse = FALSE;
        r->child = request_new(r->of, &how);
        event(r, "child %u", r->child->number);
        request_begin(r->child);
        request_await(r->child);
        r->how.child_status = r->child->http_status;
    }
    r->completer = thread_start(complete, r);
    lock();
    while (r->how.complete == 'b' && !r->done)
        await();
    unlock();
    return TRUE;
}

static BOOL done(request *r, const DWORD *status) {
    lock();
    BOOL twice = r->done, executing = r->executing;
    r->done = TRUE;
    r->done_status = status ? *status : HSE_STATUS_SUCCESS;
    unlock();
    if (twice)
        problem(r, "DONE_WITH_SESSION twice");
    if (executing)
        problem(r, "DONE_WITH_SESSION before the child has ended");
    lock();
    if (r->returned && !r->gone)
        request_take_back(r);
    wake();
    unlock();
    return TRUE;
}

/* The error that the command line wants for this request of the extension; 0: none. */
static DWORD unwanted(const request *r, DWORD what) {
    char number[12];
    snprintf(number, sizeof number, "%u", what);
    for (const pair *it = r->how.refused; it; it = it->next)
        if (strcmp(it->name, number) == 0)
            return it->code;
    return 0;
}

/* As `server_support`, for requests that IIS knows and this host needs; FALSE: `*code` says why. */
static BOOL known(request *r, DWORD what, void *buffer, DWORD *size, DWORD *type, DWORD *code) {
    (void)size;
    HSE_EXEC_URL_STATUS *child = buffer;
    switch (what) {
    case IO_COMPLETION:
        r->completion = (PFN_HSE_IO_COMPLETION)buffer;
        r->context = type;
        return TRUE;
    case IS_KEEP_CONN:
        *(BOOL *)buffer = r->how.keep;
        return TRUE;
    case IS_CONNECTED:
        *(BOOL *)buffer = !r->closed;
        return TRUE;
    case GET_IMPERSONATION_TOKEN:
        *(HANDLE *)buffer = client_token();
        if (*(HANDLE *)buffer)
            return TRUE;
        break;
    case CLOSE_CONNECTION:
        r->closed = TRUE;
        return TRUE;
    case APPEND_LOG_PARAMETER:
        event_visible(r, "append", buffer, strlen(buffer));
        return TRUE;
    case SET_FLUSH_FLAG: /* the flag stands in the pointer's place */
        event(r, "flush %d", buffer != NULL);
        return TRUE;
    case GET_EXEC_URL_STATUS:
        *child = (HSE_EXEC_URL_STATUS){.uHttpStatusCode = (USHORT)r->how.child_status};
        return TRUE;
    }
    *code = INVALID_PARAMETER;
    return FALSE;
}

BOOL server_support(HCONN number, DWORD what, void *buffer, DWORD *size, DWORD *type) {
    request *r = request_of(number);
    if (!r)
        return refuse(r, INVALID_PARAMETER);
    DWORD code = unwanted(r, what);
    if (code) {
        event(r, "call ServerSupportFunction %u FALSE %u", what, code);
        return refuse(r, code);
    }
    /* These say more than one line, and the last of them ends the request: the line comes first. */
    if (what == SEND_RESPONSE_HEADER_EX || what == SEND_RESPONSE_HEADER ||
        what == EXEC_UNICODE_URL || what == DONE_WITH_SESSION)
        event(r, "call ServerSupportFunction %u", what);
    switch (what) {
    case SEND_RESPONSE_HEADER_EX:
        return head_ex(r, buffer);
    case SEND_RESPONSE_HEADER:
        return head(r, buffer, buffer ? strlen(buffer) : 0, (char *)type,
                    type ? strlen((char *)type) : 0, FALSE);
    case EXEC_UNICODE_URL:
        return execute(r, buffer);
    case DONE_WITH_SESSION:
        return done(r, buffer);
    }
    BOOL ok = known(r, what, buffer, size, type, &code);
    if (ok)
        event(r, "call ServerSupportFunction %u TRUE", what);
    else
        event(r, "call ServerSupportFunction %u FALSE %u", what, code);
    return ok ? TRUE : refuse(r, code);
}
