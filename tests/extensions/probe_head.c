/* Response heads: requests 1, 3, 1016, 1028, and the log. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

/* `status` and `headers` by `request` 3 or 1016, then `body` by WriteClient.
 * `nul` is added to both counts (1: the NUL); `cut` is how many characters of the status count. */
static DWORD send_head(ECB *ecb) {
    const char *query = ecb->lpszQueryString;
    const char *status = argument(query, "status", NULL);
    const char *headers = argument(query, "headers", NULL);
    const char *body = argument(query, "body", NULL);
    BOOL sent;
    if (number(query, "request", SEND_RESPONSE_HEADER_EX) == SEND_RESPONSE_HEADER) {
        DWORD unused = 0;
        sent = support(ecb, SEND_RESPONSE_HEADER, (void *)status, &unused, (void *)headers);
    } else {
        DWORD nul = number(query, "nul", 0);
        HSE_SEND_HEADER_EX_INFO info = {status, headers, 0, 0, (BOOL)number(query, "keep", 1)};
        info.cchStatus = status ? number(query, "cut", (DWORD)strlen(status) + nul) : 0;
        info.cchHeader = headers ? (DWORD)strlen(headers) + nul : 0;
        sent = support(ecb, SEND_RESPONSE_HEADER_EX, &info, NULL, NULL);
    }
    if (!sent) note("head: FALSE %u", last_error());
    if (body && !put(ecb, body)) note("body: FALSE %u", last_error());
    return HSE_STATUS_SUCCESS;
}

/* The strings are read during the call only: they are overwritten right behind it. */
static DWORD head_of_short_life(ECB *ecb) {
    char status[] = "203 Copied", headers[] = "X-Copied: yes\r\nContent-Length: 2\r\n\r\n";
    head(ecb, status, headers, TRUE);
    memset(status, '!', sizeof status - 1);
    memset(headers, '!', sizeof headers - 1);
    put(ecb, "ok");
    return HSE_STATUS_SUCCESS;
}

static DWORD redirect(ECB *ecb) {
    char *url = strdup(argument(ecb->lpszQueryString, "url", "http://other.example/x?y=1"));
    DWORD size = strlen(url);
    if (!support(ecb, SEND_URL_REDIRECT_RESP, url, &size, NULL))
        note("redirect: FALSE %u", last_error());
    free(url);
    return HSE_STATUS_SUCCESS;
}

static DWORD twice(ECB *ecb) {
    Text text = {0};
    say_result(&text, "first", head(ecb, "200 OK", "Content-Length: 2\r\n\r\n", TRUE));
    say_result(&text, "second", head(ecb, "404 Not Found", "X-Second: yes\r\n\r\n", TRUE));
    put(ecb, "ok");
    note("%s", text.text);
    return HSE_STATUS_SUCCESS;
}

static DWORD custom_error(ECB *ecb) {
    HSE_CUSTOM_ERROR_INFO info = {"404 Not Found", 3, FALSE};
    if (!support(ecb, SEND_CUSTOM_ERROR, &info, NULL, NULL))
        note("custom error: FALSE %u", last_error());
    return HSE_STATUS_SUCCESS;
}

static DWORD log_parameter(ECB *ecb) {
    Text text = {0};
    /* `full` leaves no room for a NUL. */
    if (number(ecb->lpszQueryString, "full", 0))
        memset(ecb->lpszLogData, 'x', sizeof ecb->lpszLogData);
    else
        strcpy(ecb->lpszLogData, "from-the-block");
    say_result(&text, "append", support(ecb, APPEND_LOG_PARAMETER, "+appended", NULL, NULL));
    return answer(ecb, &text);
}

/* Half of what was announced, then the connection is closed. */
static DWORD close_connection(ECB *ecb) {
    head(ecb, "200 OK", "Content-Length: 10\r\n\r\n", TRUE);
    put(ecb, "12345");
    Text text = {0};
    say_result(&text, "close", support(ecb, CLOSE_CONNECTION, NULL, NULL, NULL));
    say_result(&text, "write", put(ecb, "67890"));
    note("%s", text.text);
    free(text.text);
    return HSE_STATUS_SUCCESS;
}

const Scenario head_scenarios[] = {
    {"head", send_head},     {"short-life", head_of_short_life}, {"redirect", redirect},
    {"twice", twice},        {"custom-error", custom_error},     {"log", log_parameter},
    {"close", close_connection}, {NULL, NULL},
};
