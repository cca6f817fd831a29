/* A small ISAPI host, written from ISAPI's documentation: it knows nothing of the extensions that
 * it loads, and the extensions know nothing of it. What it is told on the command line it does in
 * that order; what an extension did with it, it prints. See host.c for the words. */
#ifndef HOST_H
#define HOST_H

#include "../extensions/isapi.h"
#include "platform.h"
#include "text.h"

typedef struct {
    void *library;
    BOOL (*version)(HSE_VERSION_INFO *);
    DWORD (*process)(ECB *);
    BOOL (*terminate)(DWORD); /* may be absent */
    void (*set_last_error)(uint32_t);
} extension;

/* A name with a value, in a list. */
typedef struct pair {
    struct pair *next;
    char *name, *value;
    DWORD code;
} pair;

/* What the command line says about the requests that follow. Strings are never freed, so a request
 * takes a plain copy. */
typedef struct {
    const char *method, *query, *path_info, *path_translated, *content_type, *protocol;
    pair *headers;   /* request headers, latest first */
    pair *variables; /* server variables that are given, or (value NULL) refused with a code */
    pair *refused;   /* support requests that are refused with a code */
    const char *body;
    size_t body_length;
    DWORD available, total;
    DWORD read_most;               /* ReadClient gives no more at a time */
    DWORD read_end;                /* ... and says 0 after so many bytes of the body */
    DWORD read_fail, read_error;   /* ... or fails then */
    DWORD write_most;              /* WriteClient takes no more at a time */
    DWORD write_fail, write_error; /* ... and fails after so many bytes */
    BOOL keep, growing, recurse;
    DWORD child_status;
    char complete; /* 'b'efore or 'a'fter HttpExtensionProc has returned, or 'w'hen it happens */
    DWORD limit;   /* milliseconds in which a pending request must be done */
} settings;

#define WHOLE 0xFFFFFFFFu /* no limit; an unknown length */

/* Memory between guards. */
typedef struct {
    unsigned char *memory;
    size_t length;
} guarded;
void *guarded_new(guarded *, const void *bytes, size_t length);
/* What the host lends is not the extension's any more. */
void guarded_poison(guarded *);
/* Whether something was written before or behind it, or, once poisoned, into it. */
BOOL guarded_intact(const guarded *, BOOL poisoned);

enum { LENT = 8 }; /* the control block, its strings, the body */

typedef struct request {
    uint32_t magic;
    unsigned number;
    extension *of;
    settings how;
    ECB *ecb, before; /* as lent, and as it was then */
    guarded lent[LENT];
    size_t lents;
    struct request *child; /* the same request, come again to the same extension */

    text events; /* lines, in their order */
    text body;   /* all that was written */
    BOOL quiet;  /* no events: there are too many requests */
    unsigned problems;

    size_t taken;            /* bytes of the request body that the extension has got */
    BOOL headers_sent, closed;
    BOOL returned, done, gone;
    DWORD result, done_status;

    PFN_HSE_IO_COMPLETION completion;
    void *context;
    BOOL executing;
    thread *completer;
    pair *asked; /* variables that were asked for once, for `growing` */

    DWORD http_status;
    char log_data[81];
} request;

/* request.c */
request *request_new(extension *, const settings *);
/* Calls the extension. The request may be pending afterwards. */
void request_begin(request *);
/* Waits until it is done, however it goes on. */
void request_await(request *);
/* Prints it and its child, after it is done. */
void request_print(request *);
/* Takes back what was lent, once the request is returned and done. The lock is held. */
void request_take_back(request *);
void event(request *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void event_visible(request *, const char *what, const void *bytes, size_t length);
/* Against the rules. The lock is not held. */
void problem(request *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Problems of requests that were over already; checks all requests once more. */
unsigned late_problems(void);

/* variables.c, callbacks.c, support.c */
BOOL get_server_variable(HCONN, const char *name, void *buffer, DWORD *size);
BOOL write_client(HCONN, const void *buffer, DWORD *size, DWORD flags);
BOOL read_client(HCONN, void *buffer, DWORD *size);
BOOL server_support(HCONN, DWORD what, void *buffer, DWORD *size, DWORD *type);
/* The request of a connection number; NULL: there is none. */
request *request_of(HCONN);
/* FALSE, with a last error. */
BOOL refuse(request *, DWORD code);

#endif
