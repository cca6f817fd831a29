/* Child requests: 1025, 1026, 1027. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static void child_done(ECB *ecb, void *context, DWORD size, DWORD error) {
    (void)context, (void)size;
    HSE_EXEC_URL_STATUS status = {0};
    if (support(ecb, GET_EXEC_URL_STATUS, &status, NULL, NULL))
        note("child %u.%u error %u completion %u", status.uHttpStatusCode, status.uHttpSubStatus,
             status.dwWin32Error, error);
    else
        note("child status: FALSE %u", last_error());
    /* Not sent with the parent's head: behind a child that was told to send none. */
    const char *tail = argument(ecb->lpszQueryString, "tail", NULL);
    if (tail && !put(ecb, tail)) note("tail: FALSE %u", last_error());
    DWORD done = HSE_STATUS_SUCCESS;
    support(ecb, DONE_WITH_SESSION, &done, NULL, NULL);
}

/* `url` (none: the request's own), `method`, `headers`, `entity`, `flags`; `wide=1`: 1025.
 * `before` is a head of the parent's own. */
static DWORD exec(ECB *ecb) {
    const char *query = ecb->lpszQueryString;
    const char *url = argument(query, "url", NULL), *body = argument(query, "entity", NULL);
    const char *before = argument(query, "before", NULL);
    HSE_EXEC_URL_ENTITY_INFO entity = {body ? strlen(body) : 0, (void *)body};
    HSE_EXEC_URL_INFO info = {(char *)url,
                              (char *)argument(query, "method", NULL),
                              (char *)argument(query, "headers", NULL),
                              NULL,
                              body ? &entity : NULL,
                              number(query, "flags", 0)};
    if (before) head(ecb, "200 OK", before, FALSE);
    support(ecb, IO_COMPLETION, (void *)child_done, NULL, NULL);
    BOOL begun;
    if (number(query, "wide", 0)) {
        WCHAR wide[512];
        HSE_EXEC_UNICODE_URL_INFO unicode = {NULL,          info.pszMethod, info.pszChildHeaders,
                                             NULL,          info.pEntity,   info.dwExecUrlFlags};
        if (url) {
            widen(wide, url);
            unicode.pszUrl = wide;
        }
        begun = support(ecb, EXEC_UNICODE_URL, &unicode, NULL, NULL);
        memset(wide, 0, sizeof wide);
    } else {
        begun = support(ecb, EXEC_URL, &info, NULL, NULL);
    }
    if (begun) return HSE_STATUS_PENDING;
    Text text = {0};
    say(&text, "exec: FALSE %u\n", last_error());
    return answer(ecb, &text);
}

/* A child that must not run. */
static DWORD child(ECB *ecb) {
    (void)ecb;
    note("the child ran");
    return HSE_STATUS_SUCCESS;
}

const Scenario exec_scenarios[] = {{"exec", exec}, {"child", child}, {NULL, NULL}};
