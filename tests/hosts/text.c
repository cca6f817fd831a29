/* See text.h. */
#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void add(text *to, const void *bytes, size_t length) {
    if (to->room - to->length < length + 1) {
        to->room = (to->length + length + 1) * 2;
        to->data = realloc(to->data, to->room);
        if (!to->data)
            abort();
    }
    if (length)
        memcpy(to->data + to->length, bytes, length);
    to->length += length;
    to->data[to->length] = 0;
}

void add_format(text *to, const char *format, ...) {
    char line[512];
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (length > (int)sizeof line - 1)
        length = (int)sizeof line - 1;
    add(to, line, (size_t)length);
}

void add_visible(text *to, const void *bytes, size_t length) {
    static const char digit[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    for (size_t i = 0; i < length; i++) {
        char hex[4] = {'\\', 'x', digit[from[i] >> 4], digit[from[i] & 15]};
        if (from[i] == '\\')
            add(to, "\\\\", 2);
        else if (from[i] >= 0x20 && from[i] < 0x7f)
            add(to, from + i, 1);
        else
            add(to, hex, 4);
    }
}

void text_free(text *it) {
    free(it->data);
    *it = (text){0};
}

char *copy_of(const char *from) {
    char *to = malloc(strlen(from) + 1);
    return strcpy(to, from);
}
