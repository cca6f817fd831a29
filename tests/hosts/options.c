/* See options.h, and host.c for what they mean. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

void settings_default(settings *how) {
    *how = (settings){
        .method = "GET",
        .query = "",
        .path_info = "",
        .path_translated = "",
        .content_type = "",
        .protocol = "HTTP/1.1",
        .body = "",
        .available = 49152,
        .read_most = WHOLE,
        .read_end = WHOLE,
        .read_fail = WHOLE,
        .write_most = WHOLE,
        .write_fail = WHOLE,
        .keep = TRUE,
        .child_status = 200,
        .complete = 'w',
        .limit = 60000,
    };
}

static DWORD number(const char *word) {
    return (DWORD)strtoul(word, NULL, 0);
}

static pair *before(pair *rest, const char *name, const char *value, DWORD code) {
    pair *it = calloc(1, sizeof *it);
    it->next = rest;
    it->name = copy_of(name);
    it->value = value ? copy_of(value) : NULL;
    it->code = code;
    return it;
}

static void body(settings *how, const char *data, size_t length) {
    how->body = data;
    how->body_length = length;
    how->total = (DWORD)length;
}

/* `name=value` or `Name: value`, cut in two. */
static pair *split(pair *rest, const char *word, const char *at) {
    char *name = copy_of(word), *cut = strstr(name, at);
    if (!cut)
        return before(rest, name, "", 0);
    *cut = 0;
    return before(rest, name, cut + strlen(at), 0);
}

/* Bytes that no command line can hold: %XX. */
static char *decoded(const char *word) {
    char *out = copy_of(word), *to = out;
    for (; *word; word++) {
        char hex[3] = {0};
        if (*word == '%' && word[1] && word[2]) {
            memcpy(hex, word + 1, 2);
            *to++ = (char)strtoul(hex, NULL, 16);
            word += 2;
        } else {
            *to++ = *word;
        }
    }
    *to = 0;
    return out;
}

/* A body in which every part differs from every other. */
static char *made(size_t length) {
    char *data = malloc(length + 1);
    for (size_t i = 0; i < length; i++)
        data[i] = (char)(i * 31 + i / 251);
    return data;
}

int settings_take(settings *how, char **words) {
    const struct {
        const char *name;
        const char **to;
    } texts[] = {
        {"--method", &how->method},
        {"--query", &how->query},
        {"--path-info", &how->path_info},
        {"--path-translated", &how->path_translated},
        {"--content-type", &how->content_type},
        {"--protocol", &how->protocol},
    };
    const struct {
        const char *name;
        DWORD *to, *second;
    } numbers[] = {
        {"--available", &how->available, NULL},
        {"--total", &how->total, NULL},
        {"--read-most", &how->read_most, NULL},
        {"--read-end", &how->read_end, NULL},
        {"--read-fail", &how->read_fail, &how->read_error},
        {"--write-most", &how->write_most, NULL},
        {"--write-fail", &how->write_fail, &how->write_error},
        {"--keep", (DWORD *)&how->keep, NULL},
        {"--child-status", &how->child_status, NULL},
        {"--limit", &how->limit, NULL},
    };
    const char *word = words[0], *one = words[1], *two = one ? words[2] : NULL;
    if (strcmp(word, "--reset") == 0)
        return settings_default(how), 1;
    if (strcmp(word, "--growing") == 0)
        return how->growing = TRUE, 1;
    if (strcmp(word, "--recurse") == 0)
        return how->recurse = TRUE, 1;
    if (strcmp(word, "--unknown-length") == 0)
        return how->total = WHOLE, 1;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(word, texts[i].name) == 0)
            return one ? *texts[i].to = one, 2 : -1;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (strcmp(word, numbers[i].name) == 0) {
            if (!one || (numbers[i].second && !two))
                return -1;
            *numbers[i].to = number(one);
            if (numbers[i].second)
                *numbers[i].second = number(two);
            return numbers[i].second ? 3 : 2;
        }
    if (strcmp(word, "--header") == 0)
        return one ? how->headers = split(how->headers, one, ": "), 2 : -1;
    if (strcmp(word, "--variable") == 0)
        return one ? how->variables = split(how->variables, one, "="), 2 : -1;
    if (strcmp(word, "--variable-bytes") == 0)
        return one ? how->variables = split(how->variables, decoded(one), "="), 2 : -1;
    if (strcmp(word, "--no-variable") == 0)
        return two ? how->variables = before(how->variables, one, NULL, number(two)), 3 : -1;
    if (strcmp(word, "--refuse") == 0)
        return two ? how->refused = before(how->refused, one, NULL, number(two)), 3 : -1;
    if (strcmp(word, "--complete") == 0)
        return one ? how->complete = one[0], 2 : -1;
    if (strcmp(word, "--body") == 0)
        return one ? body(how, one, strlen(one)), 2 : -1;
    if (strcmp(word, "--body-size") == 0)
        return one ? body(how, made(number(one)), number(one)), 2 : -1;
    return 0;
}
