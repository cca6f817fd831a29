/* One request: what is lent to the extension, the call, the end, and what is printed of it. */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 0x15a91, GUARD = 64, GUARD_BYTE = 0xfd, POISON = 0xdd, MOST = 100000 };

/* All requests there were: one that is over stays, so that what comes too late is noticed. */
static request *all[MOST];
static unsigned count, late;

void *guarded_new(guarded *it, const void *bytes, size_t length) {
    it->length = length;
    it->memory = malloc(length + 2 * GUARD);
    memset(it->memory, GUARD_BYTE, length + 2 * GUARD);
    if (length)
        memcpy(it->memory + GUARD, bytes, length);
    return it->memory + GUARD;
}

void guarded_poison(guarded *it) {
    /* The guards as well: what was written into them is told by now. */
    memset(it->memory, GUARD_BYTE, it->length + 2 * GUARD);
    memset(it->memory + GUARD, POISON, it->length);
}

BOOL guarded_intact(const guarded *it, BOOL poisoned) {
    for (size_t i = 0; i < GUARD; i++)
        if (it->memory[i] != GUARD_BYTE || it->memory[GUARD + it->length + i] != GUARD_BYTE)
            return FALSE;
    for (size_t i = 0; poisoned && i < it->length; i++)
        if (it->memory[GUARD + i] != POISON)
            return FALSE;
    return TRUE;
}

static void *lend(request *r, const void *bytes, size_t length) {
    return guarded_new(&r->lent[r->lents++], bytes, length);
}

static char *lend_text(request *r, const char *it) {
    return lend(r, it, strlen(it) + 1);
}

request *request_new(extension *of, const settings *how) {
    request *r = calloc(1, sizeof *r);
    r->magic = MAGIC;
    r->of = of;
    r->how = *how;
    DWORD available = how->available;
    if (available > how->body_length)
        available = (DWORD)how->body_length;
    r->taken = available;
    ECB *ecb = r->ecb = lend(r, &(ECB){0}, sizeof(ECB));
    *ecb = (ECB){
        .cbSize = sizeof(ECB),
        .dwVersion = 0x000A0000,
        .ConnID = r,
        .dwHttpStatusCode = 200,
        .cbTotalBytes = how->total,
        .cbAvailable = available,
        .GetServerVariable = get_server_variable,
        .WriteClient = write_client,
        .ReadClient = read_client,
        .ServerSupportFunction = server_support,
    };
    ecb->lpszMethod = lend_text(r, how->method);
    ecb->lpszQueryString = lend_text(r, how->query);
    ecb->lpszPathInfo = lend_text(r, how->path_info);
    ecb->lpszPathTranslated = lend_text(r, how->path_translated);
    ecb->lpszContentType = lend_text(r, how->content_type);
    if (available)
        ecb->lpbData = lend(r, how->body, available);
    memcpy(&r->before, ecb, sizeof *ecb);
    lock();
    if (count == MOST) {
        fprintf(stderr, "host: too many requests\n");
        exit(3);
    }
    all[count++] = r;
    r->number = count;
    unlock();
    return r;
}

request *request_of(HCONN number) {
    request *found = NULL;
    lock();
    for (unsigned i = count; i > 0 && !found; i--)
        if (all[i - 1] == number)
            found = all[i - 1];
    unlock();
    if (found && found->done) {
        problem(found, "a callback after the request was done");
        return NULL;
    }
    return found;
}

static void add_event(request *r, const char *line) {
    lock();
    if (!r->quiet) {
        add(&r->events, line, strlen(line));
        add(&r->events, "\n", 1);
    }
    unlock();
}

void event(request *r, const char *format, ...) {
    char line[512];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    add_event(r, line);
}

void event_visible(request *r, const char *what, const void *bytes, size_t length) {
    if (r->quiet)
        return;
    text line = {0};
    add_format(&line, "%s ", what);
    add_visible(&line, bytes, length);
    add_event(r, line.data);
    text_free(&line);
}

void problem(request *r, const char *format, ...) {
    char line[512] = "problem ";
    va_list values;
    va_start(values, format);
    vsnprintf(line + 8, sizeof line - 8, format, values);
    va_end(values);
    lock();
    r->problems++;
    if (r->gone) {
        late++;
        fprintf(stderr, "host: request %u: %s\n", r->number, line);
    }
    unlock();
    add_event(r, line);
}

/* An extension may change two fields of the control block, and nothing else that was lent. */
static const char *spoiled(request *r) {
    ECB now;
    memcpy(&now, r->ecb, sizeof now);
    now.dwHttpStatusCode = r->before.dwHttpStatusCode;
    memcpy(now.lpszLogData, r->before.lpszLogData, sizeof now.lpszLogData);
    if (memcmp(&now, &r->before, sizeof now) != 0)
        return "the control block was changed";
    if (now.cbAvailable && memcmp(now.lpbData, r->how.body, now.cbAvailable) != 0)
        return "lpbData was written into";
    if (strcmp(now.lpszMethod, r->how.method) || strcmp(now.lpszQueryString, r->how.query) ||
        strcmp(now.lpszPathInfo, r->how.path_info))
        return "a string was written into";
    for (size_t i = 0; i < r->lents; i++)
        if (!guarded_intact(&r->lent[i], FALSE))
            return "a guard was written into";
    return NULL;
}

void request_take_back(request *r) {
    const char *what = spoiled(r);
    r->http_status = r->ecb->dwHttpStatusCode;
    memcpy(r->log_data, r->ecb->lpszLogData, sizeof r->ecb->lpszLogData);
    if (!memchr(r->ecb->lpszLogData, 0, sizeof r->ecb->lpszLogData))
        what = "lpszLogData has no end";
    for (size_t i = 0; i < r->lents; i++)
        guarded_poison(&r->lent[i]);
    r->gone = TRUE;
    if (what) {
        r->problems++;
        add_format(&r->events, "problem %s\n", what);
    }
    wake();
}

void request_begin(request *r) {
    DWORD result = r->of->process(r->ecb);
    event(r, "returned %u", result);
    lock();
    r->returned = TRUE;
    r->result = result;
    /* Whatever is not pending is done; DONE_WITH_SESSION may have come before. */
    if (result != HSE_STATUS_PENDING)
        r->done = TRUE;
    if (r->done && !r->gone)
        request_take_back(r);
    wake();
    unlock();
}

void request_await(request *r) {
    uint64_t until = milliseconds() + r->how.limit;
    lock();
    while (!r->gone && milliseconds() < until)
        await();
    BOOL gone = r->gone;
    unlock();
    if (!gone) {
        problem(r, "pending, and never done");
        return;
    }
    if (r->completer)
        thread_join(r->completer);
    r->completer = NULL;
}

void request_print(request *r) {
    printf("request %u\n", r->number);
    if (r->events.length)
        fwrite(r->events.data, 1, r->events.length, stdout);
    if (r->done && r->result == HSE_STATUS_PENDING)
        printf("done %u\n", r->done_status);
    text log = {0};
    add_visible(&log, r->log_data, strlen(r->log_data));
    printf("http %u\nlog %s\nend\n", r->http_status, log.data ? log.data : "");
    text_free(&log);
    if (r->child)
        request_print(r->child);
    fflush(stdout);
}

unsigned late_problems(void) {
    lock();
    for (unsigned i = 0; i < count; i++)
        for (size_t n = 0; all[i]->gone && n < all[i]->lents; n++)
            if (!guarded_intact(&all[i]->lent[n], TRUE)) {
                fprintf(stderr, "host: request %u: written into after it was done\n",
                        all[i]->number);
                late++;
                break;
            }
    unsigned found = late;
    unlock();
    return found;
}
