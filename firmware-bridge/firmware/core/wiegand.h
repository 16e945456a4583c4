/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of a Wiegand reader: a low pulse on D0 is a 0, on D1 a 1, silence ends the frame. */
#ifndef WIEGAND_H
#define WIEGAND_H

#include <stdbool.h>
#include <stdint.h>

#define WIEGAND_BITS 64
#define KEY_NONE 255
#define KEY_CLEAR 10
#define KEY_ENTER 11

/* Bits so far; `count` stops at one more than WIEGAND_BITS. */
struct wiegand_frame {
    uint8_t bytes[WIEGAND_BITS / 8];
    uint8_t count;
};

struct wiegand_line {
    struct wiegand_frame frame;
    uint16_t bit_at_ms;
};

/* Takes one bit; meant for the interrupt of the pin, so it is short. */
static inline void wiegand_take_bit(volatile struct wiegand_line *line, bool bit, uint16_t now_ms)
{
    uint8_t count = line->frame.count;
    line->bit_at_ms = now_ms;
    if (count > WIEGAND_BITS) return;
    line->frame.count = (uint8_t)(count + 1);
    if (count == WIEGAND_BITS) return;
    volatile uint8_t *byte = &line->frame.bytes[count >> 3];
    /* Shifting in keeps the interrupt free of a shift by a variable, which an AVR does in a loop. */
    *byte = (uint8_t)(*byte << 1 | (bit ? 1 : 0));
}

/* Takes the frame out when silence has ended it; no bit may come in meanwhile. */
bool wiegand_take_frame(volatile struct wiegand_line *line, uint16_t now_ms, struct wiegand_frame *frame);

/* The key that a frame of 4, 6 or 8 bits is: 0 to 9, KEY_CLEAR, KEY_ENTER; KEY_NONE for any other frame. */
uint8_t wiegand_key(const struct wiegand_frame *frame);

#endif
