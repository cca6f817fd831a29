/* What the parts of the probe share: its text answers, its arguments, the last error. */
#ifndef PROBE_H
#define PROBE_H

#include "isapi.h"

/* What a scenario does with one request; the result is HttpExtensionProc's. */
typedef DWORD (*Run)(ECB *);
typedef struct {
    const char *name;
    Run run;
} Scenario;

/* Each part's scenarios, ended by a NULL name. */
extern const Scenario var_scenarios[], io_scenarios[], head_scenarios[], async_scenarios[],
    exec_scenarios[], end_scenarios[];

/* Text that grows. */
typedef struct {
    char *text;
    size_t length, room;
} Text;
void say(Text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Bytes with everything but printable ASCII as \xNN. */
void say_bytes(Text *, const void *bytes, size_t length);

/* Answers 200 with the text and a length, frees the text; the result is SUCCESS. */
DWORD answer(ECB *, Text *);
/* One line on standard error, for what the response cannot tell; written at once. */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* An argument of the query string (`name=value`, `&`, percent-encoded); `otherwise` if absent.
 * Strings live as long as the process. */
const char *argument(const char *query, const char *name, const char *otherwise);
DWORD number(const char *query, const char *name, DWORD otherwise);

/* The error of the latest call; `fresh` is called before one. */
void fresh(void);
DWORD last_error(void);
/* `TRUE`, or `FALSE` and the error. */
void say_result(Text *, const char *what, BOOL result);

/* Shorthands; `head` sends the header string with request 1016 and its true lengths. */
BOOL support(ECB *, DWORD request, void *buffer, DWORD *size, void *type);
BOOL head(ECB *, const char *status, const char *headers, BOOL keep);
BOOL put(ECB *, const char *text);
/* FNV-1a, 64 bit; begin with FNV_START. */
#define FNV_START 0xcbf29ce484222325ull
uint64_t fnv(uint64_t hash, const void *bytes, size_t length);
/* The text up to the next comma; the rest is moved behind it, and is NULL at the end. */
char *next_piece(char **rest);
/* ASCII to UTF-16. */
void widen(WCHAR *to, const char *from);

#endif
