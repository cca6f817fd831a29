/* WriteClient and ReadClient, with the ways in which networks and clients spoil them. */
#include "host.h"

#include <string.h>

enum { NETNAME_DELETED = 64, INVALID_PARAMETER = 87 };

BOOL refuse(request *r, DWORD code) {
    last_error_set(code, r ? r->of->set_last_error : NULL);
    return FALSE;
}

static DWORD least(DWORD a, DWORD b) {
    return a < b ? a : b;
}

BOOL write_client(HCONN number, const void *buffer, DWORD *size, DWORD flags) {
    request *r = request_of(number);
    if (!r || !size || (!buffer && *size))
        return refuse(r, INVALID_PARAMETER);
    DWORD asked = *size, error = 0;
    /* Asynchronous writes would need a completion; nobody here has asked for one. */
    if (flags & ~(DWORD)(HSE_IO_SYNC | HSE_IO_NODELAY)) {
        problem(r, "WriteClient with flags 0x%x", flags);
        return refuse(r, INVALID_PARAMETER);
    }
    if (!r->headers_sent)
        problem(r, "WriteClient before headers");
    if (r->executing)
        problem(r, "WriteClient while a child answers");
    DWORD taken = least(asked, r->how.write_most);
    if (r->closed) {
        taken = 0;
        error = NETNAME_DELETED;
    } else if (r->how.write_fail != WHOLE && r->body.length + taken > r->how.write_fail) {
        taken = r->how.write_fail - (DWORD)r->body.length;
        error = r->how.write_error;
    }
    if (taken) {
        lock();
        add(&r->body, buffer, taken);
        unlock();
        event_visible(r, "write", buffer, taken);
    }
    if (error) {
        event(r, "call WriteClient %u FALSE %u", asked, error);
        return refuse(r, error);
    }
    *size = taken;
    event(r, "call WriteClient %u TRUE %u", asked, taken);
    return TRUE;
}

BOOL read_client(HCONN number, void *buffer, DWORD *size) {
    request *r = request_of(number);
    if (!r || !buffer || !size)
        return refuse(r, INVALID_PARAMETER);
    DWORD asked = *size;
    if (r->executing)
        problem(r, "ReadClient while a child answers");
    size_t there = r->how.body_length;
    if (there > r->how.read_end)
        there = r->how.read_end;
    DWORD error = 0;
    if (r->how.read_fail != WHOLE && there > r->how.read_fail)
        there = r->how.read_fail;
    if (r->how.read_fail != WHOLE && r->taken >= r->how.read_fail)
        error = r->how.read_error;
    if (r->closed)
        error = NETNAME_DELETED;
    if (error) {
        event(r, "call ReadClient %u FALSE %u", asked, error);
        return refuse(r, error);
    }
    size_t left = there > r->taken ? there - r->taken : 0;
    DWORD given = least(least(asked, r->how.read_most), left > WHOLE ? WHOLE : (DWORD)left);
    if (given)
        memcpy(buffer, r->how.body + r->taken, given);
    r->taken += given;
    *size = given;
    event(r, "call ReadClient %u TRUE %u", asked, given);
    return TRUE;
}
