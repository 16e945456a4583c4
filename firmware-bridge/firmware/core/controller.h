/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door controller: what it does with lines, wires and time. It behaves as the model in
 * protocol/line/door-controller.ts, and a test plays both side by side. Times are ms that wrap around.
 */
#ifndef CONTROLLER_H
#define CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "host-line.h"
#include "kept.h"
#include "line-buffer.h"
#include "wiegand.h"

#define LINE_VERSION 1
#define SHORTEST_PULSE_MS 100u
#define INPUT_EXIT 0
#define INPUT_CONTACT 1
#define INPUT_COUNT 2

/* A building may set a lower limit, never a higher one. */
#ifndef MAX_PULSE_MS
#define MAX_PULSE_MS 10000u
#endif
#if MAX_PULSE_MS > 10000u || MAX_PULSE_MS < 100u
#error "MAX_PULSE_MS is 100 to 10000"
#endif

enum refusal { REFUSED_NOT, REFUSED_SESSION, REFUSED_OLD, REFUSED_DURATION, REFUSED_RATCHET, REFUSED_OUTPUT };

struct controller {
    bool is_serving;
    uint32_t session;
    uint32_t received_seq;
    uint32_t sent_seq;
    enum refusal last_refusal;
    uint32_t heard_at_ms;
    uint32_t offered_at_ms;
    uint8_t inputs;
    bool is_tampered;
    /* The relay as the host knows it. */
    bool is_told_released;
    enum signal signal;
    uint32_t signal_at_ms;
    struct kept_pulse pulse;
    struct kept_counts counts;
    struct line_buffer received;
};

/* What the controller asks of its board. */
void board_send(const char *line, uint8_t length);
/* Releases the relay for `ms` from now; a pulse under way ends later or as it would, never earlier. */
void board_release(uint16_t ms);
void board_lock(void);
/* The relay's pin as it is. */
bool board_is_released(void);
void board_show(enum signal signal);

/* Begins after power-up with the levels of the wires, and offers a session. */
void controller_start(struct controller *controller, uint8_t inputs, bool is_tampered, uint32_t now_ms);
void controller_take_byte(struct controller *controller, uint8_t byte, uint32_t now_ms);
/* To be called often: ends what time ends. */
void controller_elapse(struct controller *controller, uint32_t now_ms);
void controller_set_input(struct controller *controller, uint8_t input, bool is_active);
void controller_set_tamper(struct controller *controller, bool is_active);
/* Tells a frame as the key or the card that its length and check make it. */
void controller_take_frame(struct controller *controller, uint8_t reader, const struct wiegand_frame *frame);
/* Forgets the ratchet and the last id: a person at the board has put the jumper. */
void controller_forget_pulse(struct controller *controller);

#endif
