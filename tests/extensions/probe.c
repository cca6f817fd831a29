/* An ISAPI extension that tells what the host gives it: the exports, and what the scenarios
 * share. `scenario=NAME` in the query string picks what it does. */
#define _GNU_SOURCE
#include "probe.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

#ifdef EXPORT_WITHOUT_PROC
#define HttpExtensionProc NotHttpExtensionProc
#endif
#ifdef EXPORT_WITHOUT_VERSION
#define GetExtensionVersion NotGetExtensionVersion
#endif

#ifdef _WIN32
void SetLastError(uint32_t error);
uint32_t GetLastError(void);
#else
#ifdef NEEDS_WHAT_IS_NOT_THERE
extern int absent_symbol;
int *needed = &absent_symbol;
#endif

static _Thread_local DWORD error_of_thread;
/* Off Windows there is no SetLastError: the host calls this one before it returns FALSE. */
void SetLastError(uint32_t error) { error_of_thread = error; }
static uint32_t GetLastError(void) { return error_of_thread; }
#endif
void fresh(void) { SetLastError(0xdead); }
DWORD last_error(void) { return GetLastError(); }

BOOL GetExtensionVersion(HSE_VERSION_INFO *info) {
#ifdef _WIN32
    _setmode(2, _O_BINARY);
#endif
    note("GetExtensionVersion");
#ifdef REFUSE
    SetLastError(REFUSE);
    return FALSE;
#endif
    info->dwExtensionVersion = 0x00060000;
    strcpy(info->lpszExtensionDesc, "Probe");
    return TRUE;
}

BOOL TerminateExtension(DWORD flags) {
    const char *marker = getenv("PROBE_MARKER");
    note("TerminateExtension %u", flags);
    if (marker) {
        FILE *file = fopen(marker, "ab");
        if (file) {
            fprintf(file, "%u\n", flags);
            fclose(file);
        }
    }
    return TRUE;
}

DWORD HttpExtensionProc(ECB *ecb) {
    static const Scenario *const parts[] = {var_scenarios,   io_scenarios,   head_scenarios,
                                            async_scenarios, exec_scenarios, end_scenarios};
    const char *name = argument(ecb->lpszQueryString, "scenario", "ecb");
    for (size_t part = 0; part < sizeof parts / sizeof *parts; part++)
        for (const Scenario *scenario = parts[part]; scenario->name; scenario++)
            if (!strcmp(scenario->name, name)) return scenario->run(ecb);
    note("no scenario %s", name);
    return HSE_STATUS_ERROR;
}

static void *grown(void *memory, size_t size) {
    memory = realloc(memory, size);
    if (!memory) abort();
    return memory;
}

void say(Text *text, const char *format, ...) {
    va_list list;
    va_start(list, format);
    char *piece;
    int length = vasprintf(&piece, format, list);
    va_end(list);
    if (length < 0) abort();
    if (text->length + length + 1 > text->room) {
        text->room = 2 * (text->length + length + 1);
        text->text = grown(text->text, text->room);
    }
    memcpy(text->text + text->length, piece, length + 1);
    text->length += length;
    free(piece);
}

void say_bytes(Text *text, const void *bytes, size_t length) {
    for (const unsigned char *byte = bytes; length--; byte++)
        say(text, *byte >= ' ' && *byte < 127 ? "%c" : "\\x%02x", *byte);
}

DWORD answer(ECB *ecb, Text *text) {
    char headers[80];
    snprintf(headers, sizeof headers, "Content-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
             text->length);
    BOOL sent = head(ecb, "200 OK", headers, TRUE) && (!text->length || put(ecb, text->text));
    if (!sent) note("the answer could not be sent: %u\n%s", last_error(), text->text);
    free(text->text);
    return HSE_STATUS_SUCCESS;
}

void note(const char *format, ...) {
    Text text = {0};
    char *piece;
    va_list list;
    va_start(list, format);
    int length = vasprintf(&piece, format, list);
    va_end(list);
    if (length < 0) abort();
    say(&text, "probe: %s\n", piece);
    /* One write, so that lines of threads stay whole. */
    if (write(2, text.text, text.length) < 0) abort();
    free(piece);
    free(text.text);
}

const char *argument(const char *query, const char *name, const char *otherwise) {
    size_t length = strlen(name);
    for (const char *at = query; at; at = strchr(at, '&') ? strchr(at, '&') + 1 : NULL) {
        if (strncmp(at, name, length) || at[length] != '=') continue;
        char *value = grown(NULL, strlen(at) + 1), *to = value;
        for (at += length + 1; *at && *at != '&'; at++) {
            unsigned byte;
            if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) {
                *to++ = (char)byte;
                at += 2;
            } else {
                *to++ = *at;
            }
        }
        *to = 0;
        return value; /* Never freed: a scenario's threads may outlive its request. */
    }
    return otherwise;
}

DWORD number(const char *query, const char *name, DWORD otherwise) {
    const char *text = argument(query, name, NULL);
    return text ? (DWORD)strtoul(text, NULL, 0) : otherwise;
}

void say_result(Text *text, const char *what, BOOL result) {
    if (result)
        say(text, "%s: TRUE\n", what);
    else
        say(text, "%s: FALSE %u\n", what, last_error());
}

BOOL support(ECB *ecb, DWORD request, void *buffer, DWORD *size, void *type) {
    fresh();
    return ecb->ServerSupportFunction(ecb->ConnID, request, buffer, size, type);
}

BOOL head(ECB *ecb, const char *status, const char *headers, BOOL keep) {
    HSE_SEND_HEADER_EX_INFO info = {status, headers, status ? (DWORD)strlen(status) : 0,
                                    headers ? (DWORD)strlen(headers) : 0, keep};
    return support(ecb, SEND_RESPONSE_HEADER_EX, &info, NULL, NULL);
}

BOOL put(ECB *ecb, const char *text) {
    DWORD size = strlen(text), wanted = size;
    fresh();
    return ecb->WriteClient(ecb->ConnID, text, &size, HSE_IO_SYNC) && size == wanted;
}

char *next_piece(char **rest) {
    char *piece = *rest;
    if (!piece) return NULL;
    char *comma = strchr(piece, ',');
    if (comma) *comma = 0;
    *rest = comma ? comma + 1 : NULL;
    return piece;
}

uint64_t fnv(uint64_t hash, const void *bytes, size_t length) {
    for (const unsigned char *byte = bytes; length--; byte++)
        hash = (hash ^ *byte) * 0x100000001b3ull;
    return hash;
}

void widen(WCHAR *to, const char *from) {
    while ((*to++ = (unsigned char)*from++)) continue;
}
