/* The control block's fields, server variables, URL mapping, refused requests and arguments. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

static void say_field(Text *text, const char *name, const char *value) {
    say(text, "%s=", name);
    if (value)
        say_bytes(text, value, strlen(value));
    else
        say(text, "NULL");
    say(text, "\n");
}

static DWORD fields(ECB *ecb) {
    Text text = {0};
    say(&text, "cbSize=%u\ndwVersion=%08x\nConnID=%s\n", ecb->cbSize, ecb->dwVersion,
        ecb->ConnID ? "set" : "NULL");
    say(&text, "dwHttpStatusCode=%u\n", ecb->dwHttpStatusCode);
    say_field(&text, "lpszLogData", ecb->lpszLogData);
    say_field(&text, "lpszMethod", ecb->lpszMethod);
    say_field(&text, "lpszQueryString", ecb->lpszQueryString);
    say_field(&text, "lpszPathInfo", ecb->lpszPathInfo);
    say_field(&text, "lpszPathTranslated", ecb->lpszPathTranslated);
    say(&text, "cbTotalBytes=%u\ncbAvailable=%u\nlpbData=", ecb->cbTotalBytes, ecb->cbAvailable);
    if (ecb->cbAvailable && ecb->lpbData)
        say_bytes(&text, ecb->lpbData, (size_t)ecb->cbAvailable + 1);
    say(&text, "\n");
    say_field(&text, "lpszContentType", ecb->lpszContentType);
    return answer(ecb, &text);
}

enum { GUARD = 0xa5 };

/* `names` (by comma) are asked for with a buffer of `size` bytes; bytes beyond what the host says
 * it wrote must be untouched. */
static DWORD variables(ECB *ecb) {
    Text text = {0};
    DWORD offered = number(ecb->lpszQueryString, "size", 60000);
    BOOL null = number(ecb->lpszQueryString, "null", 0);
    unsigned char *buffer = malloc((size_t)offered + 16);
    char *names = strdup(argument(ecb->lpszQueryString, "names", "")), *rest = names, *name;
    while ((name = next_piece(&rest)) && buffer) {
        memset(buffer, GUARD, (size_t)offered + 16);
        DWORD size = offered;
        fresh();
        BOOL found = ecb->GetServerVariable(ecb->ConnID, name, null ? NULL : buffer, &size);
        if (found) {
            say(&text, "%s: %u [", name, size);
            say_bytes(&text, buffer, size);
            say(&text, "]\n");
        } else {
            say(&text, "%s: FALSE %u needs %u\n", name, last_error(), size);
        }
        for (size_t at = found ? size : offered; at < (size_t)offered + 16; at++)
            if (buffer[at] != GUARD) {
                say(&text, "%s: byte %u was overwritten\n", name, (unsigned)at);
                break;
            }
    }
    free(buffer);
    free(names);
    return answer(ecb, &text);
}

static DWORD bad_arguments(ECB *ecb) {
    Text text = {0};
    char buffer[16];
    DWORD size = sizeof buffer;
    HCONN conn = ecb->ConnID, other = (HCONN)~(uintptr_t)0;
#define CALL(what, call) (fresh(), say_result(&text, what, call))
    CALL("variable of no name", ecb->GetServerVariable(conn, NULL, buffer, &size));
    CALL("variable of no size", ecb->GetServerVariable(conn, "URL", buffer, NULL));
    CALL("variable into nothing", ecb->GetServerVariable(conn, "URL", NULL, &size));
    CALL("variable of no connection", ecb->GetServerVariable(other, "URL", buffer, &size));
    CALL("write of nothing", ecb->WriteClient(conn, NULL, &size, HSE_IO_SYNC));
    CALL("write of no size", ecb->WriteClient(conn, buffer, NULL, HSE_IO_SYNC));
    CALL("write to no connection", ecb->WriteClient(other, buffer, &size, HSE_IO_SYNC));
    CALL("read into nothing", ecb->ReadClient(conn, NULL, &size));
    CALL("read of no size", ecb->ReadClient(conn, buffer, NULL));
    static const DWORD requests[] = {
        SEND_URL_REDIRECT_RESP, MAP_URL_TO_PATH,         APPEND_LOG_PARAMETER,
        TRANSMIT_FILE,          IS_KEEP_CONN,            ASYNC_READ_CLIENT,
        MAP_URL_TO_PATH_EX,     SEND_RESPONSE_HEADER_EX, IS_CONNECTED,
        MAP_UNICODE_URL_TO_PATH, MAP_UNICODE_URL_TO_PATH_EX, EXEC_UNICODE_URL,
        EXEC_URL,               GET_EXEC_URL_STATUS,     SEND_CUSTOM_ERROR,
        IS_IN_PROCESS,          VECTOR_SEND,
    };
    for (size_t at = 0; at < sizeof requests / sizeof *requests; at++) {
        say(&text, "request ");
        char name[8] = "1";
        for (DWORD digits = requests[at], place = requests[at] > 9 ? 4 : 1; place--; digits /= 10)
            name[place] = (char)('0' + digits % 10);
        say_result(&text, name, support(ecb, requests[at], NULL, NULL, NULL));
    }
    return answer(ecb, &text);
}

/* Sizes that no buffer has, and data of some size at nowhere. */
static DWORD bad_sizes(ECB *ecb) {
    Text text = {0};
    char buffer[16] = "data";
    HCONN conn = ecb->ConnID;
    DWORD minus = (DWORD)-1, flags = HSE_IO_ASYNC;
    CALL("write", ecb->WriteClient(conn, buffer, &minus, HSE_IO_SYNC));
    CALL("write async", ecb->WriteClient(conn, buffer, &minus, HSE_IO_ASYNC));
    CALL("read", ecb->ReadClient(conn, buffer, &minus));
    say_result(&text, "read async", support(ecb, ASYNC_READ_CLIENT, buffer, &minus, &flags));
    HSE_VECTOR_ELEMENT elements[] = {{ELEMENT_MEMORY, buffer, 0, (ULONGLONG)-1},
                                     {ELEMENT_MEMORY, buffer, 0, minus},
                                     {ELEMENT_MEMORY, NULL, 0, 4}};
    for (int at = 0; at < 3; at++) {
        HSE_RESPONSE_VECTOR vector = {HSE_IO_SYNC, NULL, NULL, 1, &elements[at]};
        say_result(&text, "vector", support(ecb, VECTOR_SEND, &vector, NULL, NULL));
    }
    HSE_TF_INFO files[] = {{.pHead = buffer, .HeadLength = minus}, {.HeadLength = 4},
                           {.pTail = buffer, .TailLength = minus}, {.TailLength = 4}};
    for (int at = 0; at < 4; at++)
        say_result(&text, "transmit", support(ecb, TRANSMIT_FILE, &files[at], NULL, NULL));
    HSE_EXEC_URL_ENTITY_INFO entities[] = {{minus, buffer}, {4, NULL}};
    for (int at = 0; at < 2; at++) {
        HSE_EXEC_URL_INFO child = {"/static.txt", NULL, NULL, NULL, &entities[at], 0};
        say_result(&text, "exec", support(ecb, EXEC_URL, &child, NULL, NULL));
    }
    return answer(ecb, &text);
}

static DWORD unsupported(ECB *ecb) {
    Text text = {0};
    HANDLE out[4] = {0};
    DWORD size = sizeof out;
    static const struct {
        DWORD request;
        const char *name;
    } all[] = {{GET_SSPI_INFO, "1002"}, {GET_IMPERSONATION_TOKEN, "1011"},
               {GET_ANONYMOUS_TOKEN, "1038"}, {9999, "9999"}};
    for (size_t at = 0; at < sizeof all / sizeof *all; at++)
        say_result(&text, all[at].name, support(ecb, all[at].request, out, &size, out));
    return answer(ecb, &text);
}

static DWORD facts(ECB *ecb) {
    Text text = {0};
    BOOL keep = -1, connected = -1;
    DWORD process = 99;
    say_result(&text, "IS_KEEP_CONN", support(ecb, IS_KEEP_CONN, &keep, NULL, NULL));
    say_result(&text, "IS_CONNECTED", support(ecb, IS_CONNECTED, &connected, NULL, NULL));
    say_result(&text, "IS_IN_PROCESS", support(ecb, IS_IN_PROCESS, &process, NULL, NULL));
    /* The flag travels as the pointer itself. */
    say_result(&text, "flush", support(ecb, SET_FLUSH_FLAG, (void *)1, NULL, NULL));
    say_result(&text, "no flush", support(ecb, SET_FLUSH_FLAG, NULL, NULL, NULL));
    say(&text, "keep=%d connected=%d process=%u\n", keep, connected, process);
    return answer(ecb, &text);
}

static void say_wide(Text *text, const WCHAR *wide) {
    for (; *wide; wide++) say(text, *wide < 127 ? "%c" : "\\u%04x", *wide);
}

/* All four ways to map `url`; the in/out ones with `size` bytes (the wide one with twice that). */
static DWORD map(ECB *ecb) {
    Text text = {0};
    const char *url = argument(ecb->lpszQueryString, "url", "/");
    DWORD room = number(ecb->lpszQueryString, "size", 4096);
    char *narrow = calloc(1, 8192);
    WCHAR *wide = calloc(2, 8192);
    if (!narrow || !wide) abort();
    memset(narrow + room, GUARD, 16);
    memset((char *)wide + 2 * room, GUARD, 16);

    strcpy(narrow, url);
    DWORD size = room;
    say_result(&text, "1001", support(ecb, MAP_URL_TO_PATH, narrow, &size, NULL));
    say(&text, "%u %s\n", size, narrow);
    widen(wide, url);
    size = 2 * room;
    say_result(&text, "1023", support(ecb, MAP_UNICODE_URL_TO_PATH, wide, &size, NULL));
    say(&text, "%u ", size);
    say_wide(&text, wide);
    say(&text, "\n");
    for (int at = 0; at < 16; at++)
        if ((unsigned char)narrow[room + at] != GUARD ||
            ((unsigned char *)wide)[2 * room + at] != GUARD)
            say(&text, "byte %d behind a buffer was overwritten\n", at);

    HSE_URL_MAPEX_INFO info;
    memset(&info, GUARD, sizeof info);
    size = sizeof info.lpszPath;
    strcpy(narrow, url);
    say_result(&text, "1012", support(ecb, MAP_URL_TO_PATH_EX, narrow, &size, &info));
    say(&text, "%.260s read=%u root=%u url=%u\n", info.lpszPath, info.dwFlags & 1,
        info.cchMatchingPath, info.cchMatchingURL);
    HSE_UNICODE_URL_MAPEX_INFO wide_info;
    memset(&wide_info, GUARD, sizeof wide_info);
    widen(wide, url);
    size = sizeof wide_info.lpszPath;
    say_result(&text, "1024", support(ecb, MAP_UNICODE_URL_TO_PATH_EX, wide, &size, &wide_info));
    say_wide(&text, wide_info.lpszPath);
    say(&text, " read=%u root=%u url=%u\n", wide_info.dwFlags & 1, wide_info.cchMatchingPath,
        wide_info.cchMatchingURL);
    free(narrow);
    free(wide);
    return answer(ecb, &text);
}

const Scenario var_scenarios[] = {
    {"ecb", fields},   {"vars", variables}, {"bad-arguments", bad_arguments},
    {"bad-sizes", bad_sizes},
    {"facts", facts},  {"unsupported", unsupported}, {"map", map},
    {NULL, NULL},
};
