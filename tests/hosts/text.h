/* Text that grows. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

typedef struct {
    char *data; /* ends with a NUL that is not counted; NULL while nothing was added */
    size_t length, room;
} text;

void add(text *, const void *bytes, size_t length);
void add_format(text *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Everything but printable ASCII as \xNN, and the backslash doubled: one line, whatever it is. */
void add_visible(text *, const void *bytes, size_t length);
void text_free(text *);
char *copy_of(const char *);

#endif
