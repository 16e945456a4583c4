/* SPDX-License-Identifier: Apache-2.0 */
/* Makes lines of bytes; never holds more than one. */
#ifndef LINE_BUFFER_H
#define LINE_BUFFER_H

#include <stdbool.h>
#include <stdint.h>

#include "host-line.h"

struct line_buffer {
    char text[LINE_BYTES - 1];
    uint8_t length;
    bool is_overlong;
    uint32_t byte_at_ms;
};

/* Takes one byte; true when it ended a line, which stands in `text` until the next byte comes. */
bool line_buffer_take(struct line_buffer *buffer, uint8_t byte, uint32_t now_ms);

#endif
