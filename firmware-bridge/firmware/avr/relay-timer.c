/* SPDX-License-Identifier: Apache-2.0 */
#include "relay-timer.h"

#include <avr/interrupt.h>
#include <stdbool.h>
#include <util/atomic.h>

#include "../core/controller.h"
#include "pins.h"

/* 16 MHz / 8 / 2000 = 1000 a second. */
#define TICKS_PER_MS 2000u

static volatile uint32_t elapsed_ms;
static volatile uint16_t released_ms;

/*
 * Ends the pulse whatever the main loop does, and puts the pin right every millisecond while there is none, so
 * that a disturbed latch does not hold the lock open. Short, because a Wiegand pulse may last 20 us.
 */
ISR(TIMER1_COMPA_vect)
{
    elapsed_ms += 1;
    uint16_t left = released_ms;
    if (left > 0) {
        left -= 1;
        released_ms = left;
    }
    if (left == 0) RELAY_PORT &= (uint8_t)~RELAY_BIT;
}

void relay_timer_start(void)
{
    OCR1A = TICKS_PER_MS - 1;
    TCCR1A = 0;
    TCCR1B = _BV(WGM12) | _BV(CS11);
    TIMSK1 = _BV(OCIE1A);
}

uint32_t relay_timer_ms(void)
{
    uint32_t ms;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE) { ms = elapsed_ms; }
    return ms;
}

uint16_t relay_timer_short_ms(void)
{
    return (uint16_t)elapsed_ms;
}

void board_release(uint16_t ms)
{
    if (ms > MAX_PULSE_MS) return;
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        /* The first of these milliseconds has begun already; one more makes the pulse at least as long as asked. */
        if (released_ms < ms + 1) released_ms = ms + 1;
        RELAY_PORT |= RELAY_BIT;
    }
}

void board_lock(void)
{
    ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
    {
        released_ms = 0;
        RELAY_PORT &= (uint8_t)~RELAY_BIT;
    }
}

bool board_is_released(void)
{
    return (RELAY_PIN & RELAY_BIT) != 0;
}
