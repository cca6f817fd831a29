/* The command line's words about requests. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "host.h"

void settings_default(settings *);
/* Takes one option with its values off `words`; how many words that were, 0: it is none of these,
 * -1: values are missing. */
int settings_take(settings *, char **words);

#endif
