/* SPDX-License-Identifier: Apache-2.0 */
#include "line-buffer.h"

/* Silence after which half a line is dropped. */
#define IDLE_MS 250u

static bool end_line(struct line_buffer *buffer)
{
    bool is_line = buffer->length > 0 && !buffer->is_overlong;
    buffer->is_overlong = false;
    if (!is_line) buffer->length = 0;
    return is_line;
}

bool line_buffer_take(struct line_buffer *buffer, uint8_t byte, uint32_t now_ms)
{
    if (now_ms - buffer->byte_at_ms >= IDLE_MS) {
        buffer->length = 0;
        buffer->is_overlong = false;
    }
    buffer->byte_at_ms = now_ms;
    if (byte == '\n') return end_line(buffer);
    if (buffer->is_overlong) return false;
    if (buffer->length == sizeof buffer->text) {
        buffer->is_overlong = true;
        return false;
    }
    buffer->text[buffer->length] = (char)byte;
    buffer->length += 1;
    return false;
}
