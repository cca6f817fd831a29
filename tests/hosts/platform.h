/* What differs between Windows and the rest, behind plain C. isapi.h and windows.h define the same
 * names, so no file includes both. Paths and arguments are UTF-8 everywhere. */
#ifndef PLATFORM_H
#define PLATFORM_H

#include <stddef.h>
#include <stdint.h>

/* Loads a library as IIS does, by its full path; NULL, and why as text. */
void *library_load(const char *path, char *why, size_t room);
void *library_symbol(void *library, const char *name);
void library_unload(void *library);

/* Sets the calling thread's last Win32 error. There is none off Windows: there the extension's own
 * SetLastError is called instead, if it exports one. */
void last_error_set(uint32_t code, void (*extensions_own)(uint32_t));

/* A token for the calling process's user, as GET_IMPERSONATION_TOKEN gives; NULL off Windows. */
void *client_token(void);

typedef struct thread thread;
thread *thread_start(void (*run)(void *), void *argument);
void thread_join(thread *);

/* One lock for the whole host and one condition: it is small, and nothing here is measured. */
void lock(void);
void unlock(void);
/* Something that another thread may wait for has happened. The lock is held. */
void wake(void);
/* Gives the lock up until `wake`, or some milliseconds at most. */
void await(void);

uint64_t milliseconds(void);
void sleep_a_little(void);

/* argv in UTF-8; standard output without line-end conversion. */
char **arguments(int *count, char **plain);
int file_exists(const char *path);
/* Reads a whole file; NULL: it is not there. */
char *file_read(const char *path, size_t *length);
int file_write(const char *path, const char *data, size_t length);

#endif
