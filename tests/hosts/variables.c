/* GetServerVariable. A size counts the NUL; what is too long is told with the size it needs; a
 * name that means nothing is refused with 1413. IIS knows no variables of anybody's own. */
#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSUFFICIENT_BUFFER = 122, INVALID_PARAMETER = 87, INVALID_INDEX = 1413 };

static pair *named(pair *list, const char *name) {
    while (list && strcmp(list->name, name) != 0)
        list = list->next;
    return list;
}

/* `USER_AGENT` is `User-Agent`; with `exact`, only case does not matter. */
static BOOL is_header(const char *header, const char *asked, BOOL exact) {
    for (; *header && *asked; header++, asked++) {
        char h = *header, a = *asked;
        if (h >= 'a' && h <= 'z')
            h -= 32;
        if (a >= 'a' && a <= 'z')
            a -= 32;
        if (h == '-' && !exact)
            h = '_';
        /* A header with an underscore cannot be reached through HTTP_. */
        if (h != a || (!exact && *header == '_'))
            return FALSE;
    }
    return *header == *asked;
}

/* Headers in the order in which they were sent: the list has the latest first. */
static void each_header(const pair *list, text *out, BOOL raw) {
    if (!list)
        return;
    each_header(list->next, out, raw);
    if (raw) {
        add_format(out, "%s: %s\r\n", list->name, list->value);
        return;
    }
    add(out, "HTTP_", 5);
    for (const char *c = list->name; *c; c++) {
        char up = *c >= 'a' && *c <= 'z' ? *c - 32 : *c == '-' ? '_' : *c;
        add(out, &up, 1);
    }
    add_format(out, ":%s\n", list->value);
}

static BOOL of_headers(const settings *how, const char *name, text *value) {
    BOOL exact = strncmp(name, "HEADER_", 7) == 0, found = FALSE;
    name += exact ? 7 : 5;
    for (const pair *h = how->headers; h; h = h->next) {
        if (!is_header(h->name, name, exact))
            continue;
        if (found) { /* an earlier one of the same name */
            text both = {0};
            add_format(&both, "%s,", h->value);
            add(&both, value->data, value->length);
            text_free(value);
            *value = both;
        } else {
            add(value, h->value, strlen(h->value));
        }
        found = TRUE;
    }
    return found;
}

/* What every IIS has, with sample values; FALSE: it has no such name. */
static BOOL look_up(const settings *how, const char *name, text *value) {
    const struct {
        const char *name, *value;
    } plain[] = {
        {"AUTH_PASSWORD", ""},
        {"AUTH_TYPE", ""},
        {"AUTH_USER", ""},
        {"CONTENT_TYPE", how->content_type},
        {"GATEWAY_INTERFACE", "CGI/1.1"},
        {"HTTPS", "off"},
        {"HTTP_METHOD", how->method},
        {"HTTP_VERSION", how->protocol},
        {"INSTANCE_ID", "1"},
        {"INSTANCE_META_PATH", "/LM/W3SVC/1"},
        {"LOCAL_ADDR", "127.0.0.1"},
        {"LOGON_USER", ""},
        {"PATH_INFO", how->path_info},
        {"PATH_TRANSLATED", how->path_translated},
        {"QUERY_STRING", how->query},
        {"REMOTE_ADDR", "127.0.0.1"},
        {"REMOTE_HOST", "127.0.0.1"},
        {"REMOTE_PORT", "51234"},
        {"REMOTE_USER", ""},
        {"REQUEST_METHOD", how->method},
        {"SERVER_NAME", "localhost"},
        {"SERVER_PORT", "80"},
        {"SERVER_PORT_SECURE", "0"},
        {"SERVER_PROTOCOL", how->protocol},
        {"SERVER_SOFTWARE", "Microsoft-IIS/10.0"},
        {"UNMAPPED_REMOTE_USER", ""},
    };
    const pair *given = named(how->variables, name);
    if (given) {
        add(value, given->value ? given->value : "", given->value ? strlen(given->value) : 0);
        return TRUE;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (strcmp(plain[i].name, name) == 0) {
            add(value, plain[i].value, strlen(plain[i].value));
            return TRUE;
        }
    if (strcmp(name, "CONTENT_LENGTH") == 0) {
        add_format(value, "%u", how->total == WHOLE ? 0 : how->total);
        return TRUE;
    }
    if (strcmp(name, "ALL_HTTP") == 0 || strcmp(name, "ALL_RAW") == 0) {
        add(value, "", 0);
        each_header(how->headers, value, name[4] == 'R');
        return TRUE;
    }
    if (strncmp(name, "HTTP_", 5) == 0 || strncmp(name, "HEADER_", 7) == 0)
        return of_headers(how, name, value);
    return FALSE;
}

/* UTF-8 to UTF-16 of this machine's byte order; values here stay below U+10000. */
static void widen(text *value) {
    text out = {0};
    const unsigned char *c = (const unsigned char *)value->data;
    while (c && *c) {
        WCHAR unit = *c++;
        if (unit >= 0xe0) {
            unit = (WCHAR)((unit & 0x0f) << 12 | (c[0] & 0x3f) << 6 | (c[1] & 0x3f));
            c += 2;
        } else if (unit >= 0xc0) {
            unit = (WCHAR)((unit & 0x1f) << 6 | (c[0] & 0x3f));
            c++;
        }
        add(&out, &unit, sizeof unit);
    }
    add(&out, "", 1); /* with the NUL that text has, one for UTF-16 */
    text_free(value);
    *value = out;
}

/* Whether the name was asked for before. */
static BOOL asked_before(request *r, const char *name) {
    if (named(r->asked, name))
        return TRUE;
    pair *it = calloc(1, sizeof *it);
    it->name = copy_of(name);
    it->next = r->asked;
    r->asked = it;
    return FALSE;
}

BOOL get_server_variable(HCONN number, const char *name, void *buffer, DWORD *size) {
    request *r = request_of(number);
    if (!r || !name || !size)
        return refuse(r, INVALID_PARAMETER);
    DWORD room = *size;
    BOOL unicode = strncmp(name, "UNICODE_", 8) == 0;
    const char *plain = unicode ? name + 8 : name;
    const pair *given = named(r->how.variables, plain);
    DWORD code = given && !given->value ? given->code : 0;
    text value = {0};
    if (unicode && (strncmp(plain, "HTTP_", 5) == 0 || strncmp(plain, "HEADER_", 7) == 0))
        code = INVALID_INDEX;
    if (!code && !look_up(&r->how, plain, &value))
        code = INVALID_INDEX;
    if (code) {
        event(r, "call GetServerVariable %.200s %u FALSE %u", name, room, code);
        return refuse(r, code);
    }
    if (unicode)
        widen(&value);
    DWORD needed = (DWORD)value.length + 1;
    if (r->how.growing && !asked_before(r, name)) {
        /* The value is just getting longer: what fits now will not, and what is told now is one
         * byte too little the next time. */
        needed = room + 1;
        text_free(&value);
        event(r, "call GetServerVariable %.200s %u FALSE 122 %u", name, room, needed);
        *size = needed;
        return refuse(r, INSUFFICIENT_BUFFER);
    }
    *size = needed;
    if (!buffer || room < needed) {
        text_free(&value);
        event(r, "call GetServerVariable %.200s %u FALSE 122 %u", name, room, needed);
        return refuse(r, INSUFFICIENT_BUFFER);
    }
    memcpy(buffer, value.data ? value.data : "", needed);
    text_free(&value);
    event(r, "call GetServerVariable %.200s %u TRUE %u", name, room, needed);
    return TRUE;
}
