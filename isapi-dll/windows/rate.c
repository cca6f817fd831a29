/* How many requests a second an ISAPI extension answers, and how much memory the process takes
 * meanwhile: a host that does next to nothing, so that the extension is what is measured.
 *
 *     rate EXTENSION SCRIPT-FILE THREADS REQUESTS
 *
 * A line at each tenth, whose threads are new ones, then the whole. */
#include <windows.h>
#include <httpext.h>
#include <psapi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static DWORD(WINAPI *process)(EXTENSION_CONTROL_BLOCK *);
static char translated[1024];
static LONG64 right;

/* What ConnID points at. */
typedef struct {
    DWORD status, bytes;
} Answer;

static BOOL WINAPI variable(HCONN conn, LPSTR name, LPVOID buffer, LPDWORD size) {
    (void)conn;
    const char *value = NULL;
    if (!strcmp(name, "SERVER_PROTOCOL")) value = "HTTP/1.1";
    if (!strcmp(name, "SCRIPT_TRANSLATED")) value = translated;
    if (!strcmp(name, "SCRIPT_NAME") || !strcmp(name, "URL")) value = "/hello.py";
    if (!value) {
        SetLastError(ERROR_INVALID_INDEX);
        return FALSE;
    }
    DWORD needed = (DWORD)strlen(value) + 1, given = *size;
    *size = needed;
    if (given < needed) {
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
        return FALSE;
    }
    memcpy(buffer, value, needed);
    return TRUE;
}

static BOOL WINAPI write_client(HCONN conn, LPVOID buffer, LPDWORD size, DWORD flags) {
    (void)buffer, (void)flags;
    ((Answer *)conn)->bytes += *size;
    return TRUE;
}

static BOOL WINAPI read_client(HCONN conn, LPVOID buffer, LPDWORD size) {
    (void)conn, (void)buffer;
    *size = 0;
    return TRUE;
}

static BOOL WINAPI support(HCONN conn, DWORD request, LPVOID buffer, LPDWORD size, LPDWORD type) {
    (void)size, (void)type;
    switch (request) {
    case HSE_REQ_SEND_RESPONSE_HEADER_EX:
        ((Answer *)conn)->status = (DWORD)atoi(((HSE_SEND_HEADER_EX_INFO *)buffer)->pszStatus);
        return TRUE;
    case HSE_REQ_SEND_RESPONSE_HEADER:
        ((Answer *)conn)->status = buffer ? (DWORD)atoi(buffer) : 200;
        return TRUE;
    case HSE_REQ_IS_KEEP_CONN:
        *(BOOL *)buffer = TRUE;
        return TRUE;
    case 1043: /* HSE_REQ_SET_FLUSH_FLAG, which mingw's header does not have */
        return TRUE;
    }
    SetLastError(ERROR_INVALID_PARAMETER);
    return FALSE;
}

static DWORD WINAPI run(LPVOID requests) {
    LONG64 good = 0;
    for (LONG64 left = *(LONG64 *)requests; left > 0; left--) {
        Answer answer = {0};
        EXTENSION_CONTROL_BLOCK ecb = {
            .cbSize = sizeof ecb,
            .dwVersion = 0x000a0000,
            .ConnID = (HCONN)&answer,
            .dwHttpStatusCode = 200,
            .lpszMethod = "GET",
            .lpszQueryString = "",
            .lpszPathInfo = "/hello.py",
            .lpszPathTranslated = translated + 4,
            .lpszContentType = "",
            .GetServerVariable = variable,
            .WriteClient = write_client,
            .ReadClient = read_client,
            .ServerSupportFunction = support,
        };
        DWORD status = process(&ecb);
        good += (status == 1 || status == 2) && answer.status == 200 && answer.bytes > 0;
    }
    InterlockedAdd64(&right, good);
    return 0;
}

static void run_all(int threads, LONG64 requests) {
    HANDLE handles[MAXIMUM_WAIT_OBJECTS] = {0};
    LONG64 each = requests / threads;
    for (int i = 0; i < threads; i++) handles[i] = CreateThread(NULL, 0, run, &each, 0, NULL);
    WaitForMultipleObjects((DWORD)threads, handles, TRUE, INFINITE);
    for (int i = 0; i < threads; i++) CloseHandle(handles[i]);
}

static double resident(void) {
    PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
    GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters);
    return (double)counters.WorkingSetSize / (1 << 20);
}

int main(int count, char **arguments) {
    if (count != 5) {
        fprintf(stderr, "usage: rate EXTENSION SCRIPT-FILE THREADS REQUESTS\n");
        return 2;
    }
    int threads = atoi(arguments[3]);
    LONG64 requests = atoll(arguments[4]);
    if (threads < 1 || threads > MAXIMUM_WAIT_OBJECTS || requests < 10 * threads) {
        fprintf(stderr, "rate: 1 to %d threads, and 10 requests a thread\n", MAXIMUM_WAIT_OBJECTS);
        return 2;
    }
    snprintf(translated, sizeof translated, "\\\\?\\%s", arguments[2]);
    HMODULE library = LoadLibraryExA(arguments[1], NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    if (!library) {
        fprintf(stderr, "rate: %s cannot be loaded: error %lu\n", arguments[1], GetLastError());
        return 3;
    }
    BOOL(WINAPI * version)(HSE_VERSION_INFO *) = (void *)GetProcAddress(library, "GetExtensionVersion");
    process = (void *)GetProcAddress(library, "HttpExtensionProc");
    HSE_VERSION_INFO info;
    if (!version || !process || !version(&info)) {
        fprintf(stderr, "rate: %s is no extension, or refused\n", arguments[1]);
        return 3;
    }
    /* What is loaded at first use is not what is measured. */
    run_all(threads, threads * 1000);
    right = 0;
    LARGE_INTEGER begun, ended, second;
    QueryPerformanceFrequency(&second);
    QueryPerformanceCounter(&begun);
    for (int tenth = 1; tenth <= 10; tenth++) {
        run_all(threads, requests / 10);
        printf("%lld requests, %.1f MiB resident\n", (long long)(requests / 10 * tenth), resident());
    }
    QueryPerformanceCounter(&ended);
    double seconds = (double)(ended.QuadPart - begun.QuadPart) / (double)second.QuadPart;
    LONG64 done = requests / 10 / threads * threads * 10;
    printf("%d threads, %lld requests, %lld errors, %.0f requests/s, %.1f MiB resident\n", threads,
           (long long)done, (long long)(done - right), (double)done / seconds, resident());
    return done == right ? 0 : 1;
}
