/* How a request ends: return values, PENDING, DONE_WITH_SESSION, and callbacks behind it. */
#include "probe.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static BOOL done(ECB *ecb, DWORD status) {
    return support(ecb, DONE_WITH_SESSION, &status, NULL, NULL);
}

/* `send=1` answers first; then `code` is returned. `status` sets dwHttpStatusCode. */
static DWORD returns(ECB *ecb) {
    const char *query = ecb->lpszQueryString;
    DWORD code = number(query, "code", HSE_STATUS_SUCCESS);
    ecb->dwHttpStatusCode = number(query, "status", ecb->dwHttpStatusCode);
    if (number(query, "send", 0)) {
        Text text = {0};
        say(&text, "sent");
        answer(ecb, &text);
    }
    return code;
}

static DWORD done_before_return(ECB *ecb) {
    DWORD code = number(ecb->lpszQueryString, "code", HSE_STATUS_PENDING);
    Text text = {0};
    say(&text, "done, then returned");
    answer(ecb, &text);
    /* No status at all is allowed too. */
    support(ecb, DONE_WITH_SESSION, NULL, NULL, NULL);
    return code;
}

static void *finish(void *ecb) {
    /* A spelling that no HTTP library would choose: the whole head is this thread's work. */
    head(ecb, "200 OK", "x-tHread: yes\r\nContent-Length: 13\r\n\r\n", TRUE);
    put(ecb, "from a thread");
    done(ecb, HSE_STATUS_SUCCESS_AND_KEEP_CONN);
    return NULL;
}

#ifdef _WIN32
/* As an extension for Windows would: the threads of the C library's stand-in for POSIX are not what
 * is tested. */
void *__stdcall CreateThread(void *, size_t, void *, void *, DWORD, DWORD *);
int __stdcall CloseHandle(void *);

static void start(void *(*function)(void *), void *of) {
    /* The two conventions are one on x86-64. */
    void *thread = CreateThread(NULL, 0, (void *)function, of, 0, NULL);
    if (!thread) abort();
    CloseHandle(thread);
}
#else
static void start(void *(*function)(void *), void *of) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, of)) abort();
    pthread_detach(thread);
}
#endif

/* DONE comes from a thread, before or after the return as it happens. */
static DWORD threaded(ECB *ecb) {
    start(finish, ecb);
    return HSE_STATUS_PENDING;
}

static sem_t released;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static void make_released(void) { sem_init(&released, 0, 0); }

static void *finish_when_released(void *ecb) {
    while (sem_wait(&released)) continue;
    return finish(ecb);
}

/* DONE comes when another request says so, long after the return. */
static DWORD held(ECB *ecb) {
    pthread_once(&once, make_released);
    start(finish_when_released, ecb);
    note("held");
    return HSE_STATUS_PENDING;
}

static DWORD release(ECB *ecb) {
    Text text = {0};
    say(&text, "released");
    pthread_once(&once, make_released);
    sem_post(&released);
    return answer(ecb, &text);
}

/* Never ends its request. `headers` begin a response, which `body` goes on with. */
static DWORD never_done(ECB *ecb) {
    const char *headers = argument(ecb->lpszQueryString, "headers", NULL);
    const char *body = argument(ecb->lpszQueryString, "body", NULL);
    if (headers) head(ecb, "200 OK", headers, TRUE);
    if (body) put(ecb, body);
    return HSE_STATUS_PENDING;
}

static void call_all(Text *text, const ECB *ecb);

/* Goes on with a request that nobody waited for, as if nothing had happened. */
static void *finish_late(void *of) {
    ECB *ecb = of;
    Text text = {0};
    while (sem_wait(&released)) continue;
    say(&text, "late: %s %s\n", ecb->lpszMethod, ecb->cbSize == sizeof *ecb ? "valid" : "poisoned");
    call_all(&text, ecb);
    BOOL connected = -1;
    support(ecb, IS_CONNECTED, &connected, NULL, NULL);
    say(&text, "connected=%d\n", connected);
    /* The block is the host's behind DONE. */
    ECB copy = *ecb;
    say_result(&text, "done", done(&copy, HSE_STATUS_SUCCESS));
    say_result(&text, "done again", done(&copy, HSE_STATUS_SUCCESS));
    note("%s", text.text);
    note("late: over");
    free(text.text);
    return NULL;
}

static DWORD late(ECB *ecb) {
    pthread_once(&once, make_released);
    start(finish_late, ecb);
    return HSE_STATUS_PENDING;
}

static DWORD done_twice(ECB *ecb) {
    Text text = {0};
    say(&text, "once");
    answer(ecb, &text);
    done(ecb, HSE_STATUS_SUCCESS);
    done(ecb, HSE_STATUS_SUCCESS);
    return HSE_STATUS_PENDING;
}

/* Every callback, on a request that is over. */
static void call_all(Text *text, const ECB *ecb) {
    char buffer[100];
    DWORD size = sizeof buffer;
    BOOL flag;
    fresh();
    say_result(text, "variable", ecb->GetServerVariable(ecb->ConnID, "URL", buffer, &size));
    size = 1;
    fresh();
    say_result(text, "write", ecb->WriteClient(ecb->ConnID, "x", &size, HSE_IO_SYNC));
    size = 1;
    fresh();
    say_result(text, "read", ecb->ReadClient(ecb->ConnID, buffer, &size));
    fresh();
    say_result(text, "support",
               ecb->ServerSupportFunction(ecb->ConnID, IS_CONNECTED, &flag, NULL, NULL));
}

static DWORD calls_after_done(ECB *ecb) {
    Text text = {0};
    say(&text, "done");
    answer(ecb, &text);
    ECB copy = *ecb;
    done(ecb, HSE_STATUS_SUCCESS);
    text = (Text){0};
    call_all(&text, &copy);
    note("%s", text.text);
    free(text.text);
    return HSE_STATUS_PENDING;
}

static ECB remembered;
static ECB *remembered_at;

/* Remembers this request for `poke`. */
static DWORD remember(ECB *ecb) {
    Text text = {0};
    remembered = *ecb;
    remembered_at = ecb;
    say(&text, "remembered");
    return answer(ecb, &text);
}

/* Uses the remembered request, which is over, as a buggy extension would. */
static DWORD poke(ECB *ecb) {
    Text text = {0};
    call_all(&text, &remembered);
    BOOL poisoned = remembered_at->cbSize != sizeof(ECB) || !remembered_at->lpszMethod ||
                    memcmp(remembered_at, &remembered, sizeof remembered);
    say(&text, "block %s\n", poisoned ? "poisoned" : "as it was");
    return answer(ecb, &text);
}

/* Waits for the client to go away; a minute is as good as for ever. */
static DWORD wait_gone(ECB *ecb) {
    BOOL connected = TRUE;
    note("waiting");
    for (int tries = 0; connected && tries < 6000; tries++) {
        support(ecb, IS_CONNECTED, &connected, NULL, NULL);
        if (connected) usleep(10000);
    }
    note("connected=%d", connected);
    return HSE_STATUS_SUCCESS;
}

const Scenario end_scenarios[] = {
    {"return", returns},     {"done", done_before_return}, {"threaded", threaded},
    {"held", held},          {"release", release},         {"done-twice", done_twice},
    {"after-done", calls_after_done}, {"remember", remember}, {"poke", poke},
    {"wait-gone", wait_gone}, {"never-done", never_done}, {"late", late},
    {NULL, NULL},
};
