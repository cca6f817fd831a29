/* Asynchronous operations and their completions. */
#define _GNU_SOURCE
#include "probe.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _WIN32
#include <io.h>
#else
#define O_BINARY 0
#endif

/* One request with operations under way; it is the context of the completions. */
typedef struct {
    ECB *ecb;
    pthread_t caller;
    int completions;
    int file;
    DWORD rest;
    uint64_t hash;
    char buffer[10000];
    HSE_TF_INFO transmit;
    HSE_RESPONSE_VECTOR vector;
    HSE_VECTOR_ELEMENT elements[4];
} Job;

static Job *job_of(ECB *ecb) {
    Job *job = calloc(1, sizeof *job);
    if (!job) abort();
    job->ecb = ecb;
    job->caller = pthread_self();
    job->file = -1;
    return job;
}

static BOOL begin(Job *job, PFN_HSE_IO_COMPLETION callback) {
    return support(job->ecb, IO_COMPLETION, (void *)callback, NULL, job);
}

/* The request is over; nothing of it may be touched behind this. */
static void done(Job *job, DWORD status) {
    ECB *ecb = job->ecb;
    if (job->file >= 0) close(job->file);
    free(job);
    support(ecb, DONE_WITH_SESSION, &status, NULL, NULL);
}

static void tell_completion(Job *job, ECB *ecb, DWORD size, DWORD error) {
    note("completion %d: size=%u error=%u %s %s", ++job->completions, size, error,
         pthread_equal(job->caller, pthread_self()) ? "inline" : "another-thread",
         ecb == job->ecb ? "same-block" : "other-block");
}

static const char *const PIECES[] = {"one ", "two ", "three"};

static BOOL write_async(Job *job) {
    const char *piece = PIECES[job->completions];
    DWORD size = strlen(piece);
    fresh();
    return job->ecb->WriteClient(job->ecb->ConnID, piece, &size, HSE_IO_ASYNC);
}

static void wrote(ECB *ecb, void *context, DWORD size, DWORD error) {
    Job *job = context;
    tell_completion(job, ecb, size, error);
    if (job->completions < 3) {
        if (write_async(job)) return;
        note("write: FALSE %u", last_error());
    }
    done(job, HSE_STATUS_SUCCESS_AND_KEEP_CONN);
}

static void never(ECB *ecb, void *context, DWORD size, DWORD error) {
    (void)ecb, (void)context;
    note("a completion came that must not: %u %u", size, error);
}

static DWORD async_write(ECB *ecb) {
    Job *job = job_of(ecb);
    /* The latest registration wins. */
    support(ecb, IO_COMPLETION, (void *)never, NULL, NULL);
    if (!begin(job, wrote)) note("IO_COMPLETION: FALSE %u", last_error());
    head(ecb, "200 OK", "Content-Length: 13\r\n\r\n", TRUE);
    if (!write_async(job)) {
        note("write: FALSE %u", last_error());
        return HSE_STATUS_ERROR;
    }
    return HSE_STATUS_PENDING;
}

static BOOL read_async(Job *job) {
    DWORD size = sizeof job->buffer, flags = HSE_IO_ASYNC;
    return support(job->ecb, ASYNC_READ_CLIENT, job->buffer, &size, &flags);
}

static void got(ECB *ecb, void *context, DWORD size, DWORD error) {
    Job *job = context;
    job->completions++;
    job->rest += size;
    job->hash = fnv(job->hash, job->buffer, size);
    if (size && !error && read_async(job)) return;
    Text text = {0};
    say(&text, "rest=%u hash=%016llx error=%u %s\n", job->rest, (unsigned long long)job->hash,
        error, pthread_equal(job->caller, pthread_self()) ? "inline" : "another-thread");
    note("%s", text.text);
    answer(ecb, &text);
    done(job, HSE_STATUS_SUCCESS);
}

static DWORD async_read(ECB *ecb) {
    Job *job = job_of(ecb);
    job->hash = fnv(FNV_START, ecb->lpbData, ecb->cbAvailable);
    begin(job, got);
    note("reading");
    if (!read_async(job)) {
        note("read: FALSE %u", last_error());
        return HSE_STATUS_ERROR;
    }
    return HSE_STATUS_PENDING;
}

/* While a read waits for the client, nothing else may begin. */
static DWORD second(ECB *ecb) {
    Job *job = job_of(ecb);
    char buffer[8] = "late";
    DWORD size = 4, flags = HSE_IO_ASYNC;
    HSE_EXEC_URL_INFO child = {"/static.txt", NULL, NULL, NULL, NULL, 0};
    begin(job, got);
    read_async(job);
    Text text = {0};
    say_result(&text, "read", support(ecb, ASYNC_READ_CLIENT, buffer, &size, &flags));
    fresh();
    say_result(&text, "write", ecb->WriteClient(ecb->ConnID, buffer, &size, HSE_IO_ASYNC));
    say_result(&text, "exec", support(ecb, EXEC_URL, &child, NULL, NULL));
    child.pszUrl = "/page.x?scenario=child";
    say_result(&text, "own exec", support(ecb, EXEC_URL, &child, NULL, NULL));
    note("%s", text.text);
    note("second refused");
    free(text.text);
    return HSE_STATUS_PENDING;
}

/* Ends the request though a read is under way; its callback must not come. */
static DWORD abandon(ECB *ecb) {
    Text text = {0};
    static Job job; /* The read may write into it at any time. */
    DWORD size = sizeof job.buffer, flags = HSE_IO_ASYNC, status = HSE_STATUS_SUCCESS;
    support(ecb, IO_COMPLETION, (void *)never, NULL, NULL);
    say_result(&text, "read", support(ecb, ASYNC_READ_CLIENT, job.buffer, &size, &flags));
    answer(ecb, &text);
    support(ecb, DONE_WITH_SESSION, &status, NULL, NULL);
    note("abandoned");
    return HSE_STATUS_PENDING;
}

/* Without a callback nothing can be told of, so nothing may begin. */
static DWORD unregistered(ECB *ecb) {
    Text text = {0};
    char buffer[8];
    DWORD flags = HSE_IO_ASYNC, none = 0;
    for (int after = 0; after < 2; after++) {
        DWORD size = 4;
        HSE_EXEC_URL_INFO child = {"/static.txt", NULL, NULL, NULL, NULL, 0};
        HSE_TF_INFO file = {.hFile = (HANDLE)(intptr_t)0, .dwFlags = HSE_IO_ASYNC};
        HSE_VECTOR_ELEMENT element = {ELEMENT_MEMORY, "x", 0, 1};
        HSE_RESPONSE_VECTOR vector = {HSE_IO_ASYNC, NULL, NULL, 1, &element};
        fresh();
        say_result(&text, "write", ecb->WriteClient(ecb->ConnID, "late", &size, HSE_IO_ASYNC));
        say_result(&text, "read", support(ecb, ASYNC_READ_CLIENT, buffer, &size, &flags));
        say_result(&text, "exec", support(ecb, EXEC_URL, &child, NULL, NULL));
        say_result(&text, "transmit", support(ecb, TRANSMIT_FILE, &file, NULL, NULL));
        say_result(&text, "vector", support(ecb, VECTOR_SEND, &vector, NULL, NULL));
        /* Once more behind a registration that was taken back. */
        support(ecb, IO_COMPLETION, (void *)never, NULL, NULL);
        support(ecb, IO_COMPLETION, NULL, NULL, NULL);
    }
    support(ecb, IO_COMPLETION, (void *)never, NULL, NULL);
    DWORD size = 4;
    say_result(&text, "read not async", support(ecb, ASYNC_READ_CLIENT, buffer, &size, &none));
    return answer(ecb, &text);
}

static void sent(ECB *ecb, void *context, DWORD size, DWORD error) {
    Job *job = context;
    tell_completion(job, ecb, size, error);
    if (job->file >= 0)
        note("file %s", lseek(job->file, 0, SEEK_CUR) < 0 ? "closed" : "still open");
    done(job, HSE_STATUS_SUCCESS);
}

/* A descriptor is what a host off Windows takes for a handle. */
static HANDLE open_file(Job *job) {
    const char *path = argument(job->ecb->lpszQueryString, "file", "");
    job->file = open(path, O_RDONLY | O_BINARY);
    if (job->file < 0) note("cannot open %s", path);
#ifdef _WIN32
    return (HANDLE)_get_osfhandle(job->file);
#else
    return (HANDLE)(intptr_t)job->file;
#endif
}

/* `own=1`: the callback is the structure's and not the registered one. */
static DWORD transmit(ECB *ecb) {
    const char *query = ecb->lpszQueryString;
    Job *job = job_of(ecb);
    HSE_TF_INFO *info = &job->transmit;
    if (number(query, "own", 0)) {
        support(ecb, IO_COMPLETION, (void *)never, NULL, NULL);
        info->pfnHseIO = sent;
        info->pContext = job;
    } else {
        begin(job, sent);
    }
    info->hFile = open_file(job);
    info->Offset = number(query, "offset", 0);
    info->BytesToWrite = number(query, "bytes", 0);
    info->pHead = (void *)argument(query, "head", NULL);
    info->HeadLength = info->pHead ? strlen(info->pHead) : 0;
    info->pTail = (void *)argument(query, "tail", NULL);
    info->TailLength = info->pTail ? strlen(info->pTail) : 0;
    info->dwFlags = HSE_IO_ASYNC | number(query, "flags", 0);
    if (info->dwFlags & HSE_IO_SEND_HEADERS)
        info->pszStatusCode = argument(query, "status", "200 OK");
    else
        head(ecb, "200 OK", argument(query, "headers", ""), TRUE);
    if (!support(ecb, TRANSMIT_FILE, info, NULL, NULL)) {
        note("transmit: FALSE %u", last_error());
        return HSE_STATUS_SUCCESS;
    }
    return HSE_STATUS_PENDING;
}

/* Memory, a part of a file, memory. `async=1`: told by a completion. `before`: a head of its own. */
static DWORD vector(ECB *ecb) {
    const char *query = ecb->lpszQueryString;
    Job *job = job_of(ecb);
    BOOL async = (BOOL)number(query, "async", 0);
    if (async) begin(job, sent);
    HANDLE file = open_file(job);
    const char *before = argument(query, "before", NULL);
    if (before) head(ecb, "200 OK", before, TRUE);
    HSE_VECTOR_ELEMENT elements[] = {
        {ELEMENT_MEMORY, "<<", 0, 2},
        {ELEMENT_FILE, file, number(query, "offset", 0), number(query, "bytes", 0)},
        {ELEMENT_MEMORY, ">>", 0, 2},
    };
    memcpy(job->elements, elements, sizeof elements);
    HSE_RESPONSE_VECTOR *all = &job->vector;
    *all = (HSE_RESPONSE_VECTOR){
        number(query, "flags", HSE_IO_SEND_HEADERS | HSE_IO_FINAL_SEND) |
            (async ? HSE_IO_ASYNC : HSE_IO_SYNC),
        (char *)argument(query, "status", NULL), (char *)argument(query, "headers", NULL), 3,
        job->elements};
    BOOL sent_now = support(ecb, VECTOR_SEND, all, NULL, NULL);
    if (!sent_now) note("vector: FALSE %u", last_error());
    if (async && sent_now) return HSE_STATUS_PENDING;
    close(job->file);
    free(job);
    return HSE_STATUS_SUCCESS;
}

/* Vectors whose flags and strings contradict each other. */
static DWORD bad_vectors(ECB *ecb) {
    Text text = {0};
    HSE_VECTOR_ELEMENT element = {ELEMENT_MEMORY, "x", 0, 1}, unknown = {7, "x", 0, 1};
    struct {
        const char *name;
        HSE_RESPONSE_VECTOR vector;
    } all[] = {
        {"flag without strings", {HSE_IO_SEND_HEADERS, NULL, NULL, 1, &element}},
        {"flag with one string", {HSE_IO_SEND_HEADERS, "200 OK", NULL, 1, &element}},
        {"strings without flag", {0, "200 OK", "A: b\r\n\r\n", 1, &element}},
        {"elements at nowhere", {0, NULL, NULL, 1, NULL}},
        {"unknown element", {0, NULL, NULL, 1, &unknown}},
    };
    for (size_t at = 0; at < sizeof all / sizeof *all; at++)
        say_result(&text, all[at].name, support(ecb, VECTOR_SEND, &all[at].vector, NULL, NULL));
    return answer(ecb, &text);
}

const Scenario async_scenarios[] = {
    {"async-write", async_write}, {"async-read", async_read},     {"second", second},
    {"unregistered", unregistered}, {"transmit", transmit},       {"vector", vector},
    {"bad-vectors", bad_vectors}, {"abandon", abandon},           {NULL, NULL},
};
