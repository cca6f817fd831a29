/* See platform.h. */
#include "platform.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct thread {
    void (*run)(void *);
    void *argument;
    void *handle;
};

#ifdef _WIN32

#include <windows.h>
#include <fcntl.h>
#include <io.h>
#include <shellapi.h>

static WCHAR *wide(const char *text) {
    int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    WCHAR *out = malloc((size_t)length * sizeof *out);
    MultiByteToWideChar(CP_UTF8, 0, text, -1, out, length);
    return out;
}

void *library_load(const char *path, char *why, size_t room) {
    WCHAR *name = wide(path);
    HMODULE library = LoadLibraryExW(name, NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
    free(name);
    if (!library)
        snprintf(why, room, "LoadLibraryExW: Win32 error %u", (unsigned)GetLastError());
    return library;
}

void *library_symbol(void *library, const char *name) {
    return (void *)GetProcAddress(library, name);
}

void library_unload(void *library) {
    FreeLibrary(library);
}

void last_error_set(uint32_t code, void (*extensions_own)(uint32_t)) {
    (void)extensions_own;
    SetLastError(code);
}

void *client_token(void) {
    static HANDLE token;
    HANDLE own;
    if (!token && OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own)) {
        DuplicateTokenEx(own, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation,
                         &token);
        CloseHandle(own);
    }
    return token;
}

static DWORD WINAPI begin(void *self) {
    thread *it = self;
    it->run(it->argument);
    return 0;
}

static void start(thread *it) {
    it->handle = CreateThread(NULL, 0, begin, it, 0, NULL);
}

static void join(thread *it) {
    WaitForSingleObject(it->handle, INFINITE);
    CloseHandle(it->handle);
}

static SRWLOCK the_lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
void lock(void) { AcquireSRWLockExclusive(&the_lock); }
void unlock(void) { ReleaseSRWLockExclusive(&the_lock); }
void wake(void) { WakeAllConditionVariable(&changed); }
void await(void) { SleepConditionVariableSRW(&changed, &the_lock, 50, 0); }
uint64_t milliseconds(void) { return GetTickCount64(); }
void sleep_a_little(void) { Sleep(5); }

char **arguments(int *count, char **plain) {
    (void)plain;
    WCHAR **all = CommandLineToArgvW(GetCommandLineW(), count);
    char **out = calloc((size_t)*count + 1, sizeof *out);
    for (int i = 0; i < *count; i++) {
        int length = WideCharToMultiByte(CP_UTF8, 0, all[i], -1, NULL, 0, NULL, NULL);
        out[i] = malloc((size_t)length);
        WideCharToMultiByte(CP_UTF8, 0, all[i], -1, out[i], length, NULL, NULL);
    }
    _setmode(_fileno(stdout), _O_BINARY);
    return out;
}

static FILE *open_file(const char *path, const char *mode) {
    WCHAR *name = wide(path), *how = wide(mode);
    FILE *file = _wfopen(name, how);
    free(name);
    free(how);
    return file;
}

#else

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

void *library_load(const char *path, char *why, size_t room) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        snprintf(why, room, "dlopen: %s", dlerror());
    return library;
}

void *library_symbol(void *library, const char *name) {
    return dlsym(library, name);
}

void library_unload(void *library) {
    dlclose(library);
}

void last_error_set(uint32_t code, void (*extensions_own)(uint32_t)) {
    if (extensions_own)
        extensions_own(code);
}

void *client_token(void) {
    return NULL;
}

static void *begin(void *self) {
    thread *it = self;
    it->run(it->argument);
    return NULL;
}

static void start(thread *it) {
    pthread_t *id = malloc(sizeof *id);
    it->handle = id;
    if (pthread_create(id, NULL, begin, it) != 0) {
        fprintf(stderr, "host: no thread can be started\n");
        exit(3);
    }
}

static void join(thread *it) {
    pthread_join(*(pthread_t *)it->handle, NULL);
    free(it->handle);
}

static pthread_mutex_t the_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
void lock(void) { pthread_mutex_lock(&the_lock); }
void unlock(void) { pthread_mutex_unlock(&the_lock); }
void wake(void) { pthread_cond_broadcast(&changed); }

void await(void) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50 * 1000 * 1000;
    if (until.tv_nsec >= 1000 * 1000 * 1000) {
        until.tv_nsec -= 1000 * 1000 * 1000;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&changed, &the_lock, &until);
}

uint64_t milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void sleep_a_little(void) {
    nanosleep(&(struct timespec){.tv_nsec = 5 * 1000 * 1000}, NULL);
}

char **arguments(int *count, char **plain) {
    (void)count;
    return plain;
}

static FILE *open_file(const char *path, const char *mode) {
    return fopen(path, mode);
}

#endif

thread *thread_start(void (*run)(void *), void *argument) {
    thread *it = calloc(1, sizeof *it);
    it->run = run;
    it->argument = argument;
    start(it);
    return it;
}

void thread_join(thread *it) {
    join(it);
    free(it);
}

int file_exists(const char *path) {
    FILE *file = open_file(path, "rb");
    if (file)
        fclose(file);
    return file != NULL;
}

char *file_read(const char *path, size_t *length) {
    FILE *file = open_file(path, "rb");
    if (!file)
        return NULL;
    char *data = NULL;
    size_t got, room = 0;
    *length = 0;
    do {
        if (room - *length < 65536)
            data = realloc(data, room = room * 2 + 65536);
        got = fread(data + *length, 1, room - *length, file);
        *length += got;
    } while (got);
    fclose(file);
    return data;
}

int file_write(const char *path, const char *data, size_t length) {
    FILE *file = open_file(path, "wb");
    if (!file)
        return 0;
    int ok = fwrite(data, 1, length, file) == length;
    return fclose(file) == 0 && ok;
}
