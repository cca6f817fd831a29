/* host LIBRARY WORD...
 *
 * Words about the requests that follow:
 *   --method GET, --query Q, --protocol HTTP/1.1, --header "Name: value"
 *   --path-info P, --path-translated P, --content-type T
 *   --variable NAME=VALUE        a server variable (SCRIPT_NAME and others have no value otherwise)
 *   --variable-bytes NAME=VALUE  the same, with %XX for bytes
 *   --no-variable NAME CODE      it is refused with this error
 *   --growing                    every variable gets longer than it was said to be, once
 *   --body TEXT, --body-size N   the request body; the latter is made up
 *   --available N                bytes of it in lpbData; as IIS, 49152 at most, otherwise
 *   --total N, --unknown-length  cbTotalBytes, where it is not the body's length
 *   --read-most N                ReadClient gives so many bytes at a time
 *   --read-end N                 ... and 0 after so many of the whole body
 *   --read-fail N CODE           ... or fails then
 *   --write-most N, --write-fail N CODE
 *   --keep 0|1                   whether the connection may stay open
 *   --refuse REQUEST CODE        ServerSupportFunction fails for this request
 *   --recurse                    a child request comes to the same extension, on the same thread
 *   --child-status N             how the next handler answers
 *   --complete before|after      a child ends before or after HttpExtensionProc has returned
 *   --limit MS                   how long a request may be pending
 *   --reset                      forget all of these
 * Words that are done at once:
 *   --version, --version-null    GetExtensionVersion (the first request does it, too)
 *   --version-again              ... though it was called before
 *   --version-thread             ... on a thread that ends
 *   --request, --thread          one request, on the first thread or on a new one that ends
 *   --start, --finish            one on a new thread; wait for those and print them
 *   --returned                   wait until the latest of them has returned, pending or not
 *   --storm THREADS REQUESTS     THREADS new threads with REQUESTS each; `token=` is their query
 *   --null                       HttpExtensionProc(NULL)
 *   --terminate 1|2
 *   --library FILE               another library for what follows
 *   --unload                     the library is unloaded; --library must follow
 *   --copy FROM TO               a file is copied
 *   --touch FILE, --wait FILE    a file is made, or waited for
 *
 * The exit code is 0 if all that was asked could be done, however the extension answered; 1 if
 * an extension was caught after its time; 2 for bad words; 3 if the host could not go on. */
#include "host.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 64 };

typedef struct {
    extension *of;
    settings how;
    BOOL version_known;
    request *started[AT_ONCE];
    thread *threads[AT_ONCE];
    unsigned at_once;
} state;

static void load(state *host, const char *path) {
    char why[512];
    extension *it = host->of = calloc(1, sizeof *it);
    it->library = library_load(path, why, sizeof why);
    if (!it->library) {
        printf("load FALSE %s\n", why);
        fflush(stdout);
        exit(3);
    }
    it->version = (BOOL(*)(HSE_VERSION_INFO *))library_symbol(it->library, "GetExtensionVersion");
    it->process = (DWORD(*)(ECB *))library_symbol(it->library, "HttpExtensionProc");
    it->terminate = (BOOL(*)(DWORD))library_symbol(it->library, "TerminateExtension");
    it->set_last_error = (void (*)(uint32_t))library_symbol(it->library, "SetLastError");
    if (!it->version || !it->process) {
        printf("load FALSE an export is missing\n");
        exit(3);
    }
    host->version_known = FALSE;
}

static void version(void *argument) {
    state *host = argument;
    HSE_VERSION_INFO nothing = {0};
    memset(nothing.lpszExtensionDesc, 0x7f, sizeof nothing.lpszExtensionDesc);
    guarded room;
    HSE_VERSION_INFO *info = guarded_new(&room, &nothing, sizeof nothing);
    BOOL ok = host->of->version(info);
    host->version_known = TRUE;
    if (!memchr(info->lpszExtensionDesc, 0, sizeof info->lpszExtensionDesc) ||
        !guarded_intact(&room, FALSE))
        printf("problem the version structure was overrun\n");
    else
        printf("version %s %u.%u %s\n", ok ? "TRUE" : "FALSE", info->dwExtensionVersion >> 16,
               info->dwExtensionVersion & 0xffff, info->lpszExtensionDesc);
}

static void whole(void *argument) {
    request_begin(argument);
    request_await(argument);
}

static void begin(void *argument) {
    request_begin(argument);
}

static void start(state *host) {
    if (host->at_once == AT_ONCE) {
        fprintf(stderr, "host: too many requests at once\n");
        exit(3);
    }
    request *r = host->started[host->at_once] = request_new(host->of, &host->how);
    host->threads[host->at_once++] = thread_start(begin, r);
}

static void returned(state *host) {
    if (host->at_once == 0)
        return;
    request *latest = host->started[host->at_once - 1];
    uint64_t until = milliseconds() + latest->how.limit;
    lock();
    while (!latest->returned && milliseconds() < until)
        await();
    unlock();
}

static void finish(state *host) {
    for (unsigned i = 0; i < host->at_once; i++) {
        thread_join(host->threads[i]);
        request_await(host->started[i]);
        request_print(host->started[i]);
    }
    host->at_once = 0;
}

typedef struct {
    state *host;
    unsigned number, requests, right, wrong, problems;
} gust;

/* Whether there is a token, and every one is this. */
static BOOL only(const text *body, const char *token) {
    const char *at = body->data;
    unsigned found = 0;
    while (at && (at = strstr(at, "token-"))) {
        if (strncmp(at, token, strlen(token)) != 0)
            return FALSE;
        found++;
        at++;
    }
    return found > 0;
}

static void blow(void *argument) {
    gust *it = argument;
    for (unsigned i = 0; i < it->requests; i++) {
        char token[64], query[80];
        snprintf(token, sizeof token, "token-%u-%u.", it->number, i);
        snprintf(query, sizeof query, "token=%s", token);
        settings how = it->host->how;
        how.query = query;
        if (how.body_length) {
            how.body = token;
            how.body_length = strlen(token);
            how.total = (DWORD)how.body_length;
        }
        request *r = request_new(it->host->of, &how);
        r->quiet = TRUE;
        request_begin(r);
        request_await(r);
        it->problems += r->problems;
        if (only(&r->body, token)) {
            it->right++;
        } else if (it->wrong++ == 0) {
            text seen = {0};
            add_visible(&seen, r->body.data, r->body.length);
            fprintf(stderr, "host: %s got %u, %s\n", token, r->result, seen.data ? seen.data : "");
        }
        /* The query was this function's own. */
        r->how.query = "";
    }
}

static void storm(state *host, unsigned threads, unsigned requests) {
    gust *gusts = calloc(threads, sizeof *gusts), all = {0};
    thread **running = calloc(threads, sizeof *running);
    static unsigned number;
    for (unsigned i = 0; i < threads; i++) {
        gusts[i] = (gust){.host = host, .number = ++number, .requests = requests};
        running[i] = thread_start(blow, &gusts[i]);
    }
    for (unsigned i = 0; i < threads; i++) {
        thread_join(running[i]);
        all.right += gusts[i].right;
        all.wrong += gusts[i].wrong;
        all.problems += gusts[i].problems;
    }
    printf("storm %u right, %u wrong, %u problems\n", all.right, all.wrong, all.problems);
    free(running);
    free(gusts);
}

static void one(state *host, BOOL own_thread) {
    request *r = request_new(host->of, &host->how);
    if (own_thread)
        thread_join(thread_start(whole, r));
    else
        whole(r);
    request_print(r);
}

static void copy(const char *from, const char *to) {
    size_t length;
    char *data = file_read(from, &length);
    if (!data || !file_write(to, data, length)) {
        fprintf(stderr, "host: %s cannot be copied to %s\n", from, to);
        exit(3);
    }
    free(data);
}

static void wait_for(const char *file, DWORD limit) {
    uint64_t until = milliseconds() + limit;
    while (!file_exists(file)) {
        if (milliseconds() > until) {
            fprintf(stderr, "host: %s does not come\n", file);
            exit(3);
        }
        sleep_a_little();
    }
}

static BOOL is(const char *word, const char *name) {
    return strcmp(word, name) == 0;
}

/* Does what one word says; how many words that were, 0: it is none of these, -1: some miss. */
static int act(state *host, char **words) {
    const char *word = words[0], *first = words[1], *second = first ? words[2] : NULL;
    BOOL asks = is(word, "--request") || is(word, "--thread") || is(word, "--start") ||
                is(word, "--storm") || is(word, "--version");
    if (asks && !host->version_known)
        version(host);
    if (is(word, "--version"))
        return 1;
    if (is(word, "--version-again"))
        return version(host), 1;
    if (is(word, "--version-null"))
        return printf("version-null %s\n", host->of->version(NULL) ? "TRUE" : "FALSE"), 1;
    if (is(word, "--version-thread"))
        return thread_join(thread_start(version, host)), 1;
    if (is(word, "--request") || is(word, "--thread"))
        return one(host, is(word, "--thread")), 1;
    if (is(word, "--start"))
        return start(host), 1;
    if (is(word, "--returned"))
        return returned(host), 1;
    if (is(word, "--finish"))
        return finish(host), 1;
    if (is(word, "--storm"))
        return second ? storm(host, (unsigned)atoi(first), (unsigned)atoi(second)), 3 : -1;
    if (is(word, "--null"))
        return printf("null %u\n", host->of->process(NULL)), 1;
    if (is(word, "--terminate")) {
        if (!first)
            return -1;
        BOOL ok = host->of->terminate && host->of->terminate((DWORD)atoi(first));
        return printf("terminate %s\n", ok ? "TRUE" : "FALSE"), 2;
    }
    if (is(word, "--library"))
        return first ? load(host, first), 2 : -1;
    if (is(word, "--unload"))
        return library_unload(host->of->library), 1;
    if (is(word, "--copy"))
        return second ? copy(first, second), 3 : -1;
    if (is(word, "--touch"))
        return first ? (void)file_write(first, "x", 1), 2 : -1;
    if (is(word, "--wait"))
        return first ? wait_for(first, host->how.limit), 2 : -1;
    return 0;
}

int main(int count, char **plain) {
    char **words = arguments(&count, plain);
    static state host;
    settings_default(&host.how);
    if (count < 2) {
        fprintf(stderr, "usage: host LIBRARY WORD...\n");
        return 2;
    }
    load(&host, words[1]);
    for (int at = 2; at < count;) {
        int taken = settings_take(&host.how, words + at);
        if (taken == 0)
            taken = act(&host, words + at);
        if (taken <= 0) {
            fprintf(stderr, "host: %s %s\n", words[at], taken ? "wants more" : "means nothing");
            return 2;
        }
        at += taken;
        fflush(stdout);
    }
    return late_problems() > 0;
}
