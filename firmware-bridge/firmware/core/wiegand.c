/* SPDX-License-Identifier: Apache-2.0 */
#include "wiegand.h"

/* Bits of a frame are at most 20 ms apart. */
#define SILENCE_MS 30u

bool wiegand_take_frame(volatile struct wiegand_line *line, uint16_t now_ms, struct wiegand_frame *frame)
{
    uint8_t count = line->frame.count;
    frame->count = 0;
    if (count == 0 || (uint16_t)(now_ms - line->bit_at_ms) < SILENCE_MS) return false;
    for (uint8_t index = 0; index < sizeof frame->bytes; index += 1) {
        frame->bytes[index] = line->frame.bytes[index];
        line->frame.bytes[index] = 0;
    }
    frame->count = count;
    line->frame.count = 0;
    /* Bits were shifted in from the right; the last byte is moved to the left, where the first bit belongs. */
    if (count < WIEGAND_BITS && (count & 7) != 0)
        frame->bytes[count >> 3] = (uint8_t)(frame->bytes[count >> 3] << (8 - (count & 7)));
    return true;
}

static bool has_even_ones(uint8_t bits)
{
    bits ^= bits >> 4;
    bits ^= bits >> 2;
    bits ^= bits >> 1;
    return (bits & 1) == 0;
}

uint8_t wiegand_key(const struct wiegand_frame *frame)
{
    uint8_t bits = frame->bytes[0];
    uint8_t key;
    switch (frame->count) {
    case 4:
        key = bits >> 4;
        break;
    case 6:
        /* Even parity before the number over its half, odd parity behind it. */
        if (!has_even_ones(bits & 0xE0) || has_even_ones(bits & 0x1C)) return KEY_NONE;
        key = bits >> 3 & 0x0F;
        break;
    case 8:
        if ((uint8_t)(bits >> 4 ^ bits) % 16 != 0x0F) return KEY_NONE;
        key = bits & 0x0F;
        break;
    default:
        return KEY_NONE;
    }
    return key <= KEY_ENTER ? key : KEY_NONE;
}
