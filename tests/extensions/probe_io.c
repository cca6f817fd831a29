/* Reading the request body, and writing with WriteClient. */
#include "probe.h"

#include <stdlib.h>
#include <string.h>

/* Reads all with buffers of `size` bytes and tells what it was. */
static DWORD read_all(ECB *ecb) {
    Text text = {0};
    DWORD room = number(ecb->lpszQueryString, "size", 10000), rest = 0;
    char *buffer = malloc(room);
    if (!buffer) abort();
    uint64_t hash = fnv(FNV_START, ecb->lpbData, ecb->cbAvailable);
    say(&text, "total=%u available=%u\n", ecb->cbTotalBytes, ecb->cbAvailable);
    note("reading");
    for (;;) {
        DWORD size = room;
        fresh();
        BOOL read = ecb->ReadClient(ecb->ConnID, buffer, &size);
        if (!read || !size || size > room) {
            say_result(&text, "last", read);
            say(&text, "size=%u\n", read ? size : 0);
            break;
        }
        hash = fnv(hash, buffer, size);
        rest += size;
    }
    DWORD size = room;
    fresh();
    say_result(&text, "again", ecb->ReadClient(ecb->ConnID, buffer, &size));
    say(&text, "rest=%u hash=%016llx\n", rest, (unsigned long long)hash);
    free(buffer);
    /* A client that has gone reads no answer. */
    note("read\n%s", text.text);
    return answer(ecb, &text);
}

/* `pieces`, by comma, go out one by one; an empty one is a write of no bytes. */
static BOOL write_pieces(ECB *ecb, const char *pieces) {
    char *copy = strdup(pieces), *rest = copy, *piece;
    BOOL all = TRUE;
    while ((piece = next_piece(&rest))) {
        DWORD size = strlen(piece), wanted = size;
        fresh();
        BOOL written = ecb->WriteClient(ecb->ConnID, piece, &size, HSE_IO_SYNC);
        if (!written)
            note("write of %u: FALSE %u", wanted, last_error());
        else
            note("write of %u: TRUE %u", wanted, size);
        all &= written;
    }
    free(copy);
    return all;
}

/* `status` and `headers` by request 1016, then `pieces`. `keep` is fKeepConn. */
static DWORD write_parts(ECB *ecb) {
    const char *query = ecb->lpszQueryString;
    const char *headers = argument(query, "headers", NULL);
    if (headers && !head(ecb, argument(query, "status", "200 OK"), headers,
                         (BOOL)number(query, "keep", 1)))
        note("head: FALSE %u", last_error());
    write_pieces(ecb, argument(query, "pieces", ""));
    return number(query, "return", HSE_STATUS_SUCCESS);
}

/* Each flag that a synchronous write may have. */
static DWORD write_flags(ECB *ecb) {
    static const DWORD flags[] = {0, HSE_IO_SYNC, HSE_IO_NODELAY, HSE_IO_SYNC | HSE_IO_NODELAY};
    head(ecb, "200 OK", "Content-Length: 4\r\n\r\n", TRUE);
    for (int at = 0; at < 4; at++) {
        DWORD size = 1;
        fresh();
        BOOL written = ecb->WriteClient(ecb->ConnID, &"abcd"[at], &size, flags[at]);
        note("flags %x: %s %u", flags[at], written ? "TRUE" : "FALSE", written ? size : last_error());
    }
    return HSE_STATUS_SUCCESS;
}

/* Writes until the client has gone, and tells by which error. */
static DWORD write_until_gone(ECB *ecb) {
    char piece[4096] = {0};
    DWORD size;
    head(ecb, "200 OK", "", FALSE);
    do {
        size = sizeof piece;
        fresh();
    } while (ecb->WriteClient(ecb->ConnID, piece, &size, HSE_IO_SYNC));
    note("write: FALSE %u", last_error());
    BOOL connected = -1;
    support(ecb, IS_CONNECTED, &connected, NULL, NULL);
    note("connected=%d", connected);
    return HSE_STATUS_SUCCESS;
}

const Scenario io_scenarios[] = {
    {"read", read_all},
    {"write", write_parts},
    {"flags", write_flags},
    {"write-until-gone", write_until_gone},
    {NULL, NULL},
};
