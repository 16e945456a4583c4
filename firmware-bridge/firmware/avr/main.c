/* SPDX-License-Identifier: Apache-2.0 */
#include <avr/eeprom.h>
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <stdbool.h>
#include <stdint.h>
#include <util/atomic.h>

#include "../core/controller.h"
#include "../core/face.h"
#include "pins.h"
#include "relay-timer.h"
#include "uart.h"

#define READERS 2
/* A contact bounces for some milliseconds. */
#define STEADY_MS 20u
#define FORGET_MS 3000u

enum wire { WIRE_EXIT, WIRE_CONTACT, WIRE_TAMPER, WIRE_COUNT };

static struct controller controller;
static volatile struct wiegand_line readers[READERS];
static volatile uint8_t wiegand_levels = WIEGAND_BITS_MASK;
static uint16_t shown_at_ms;

uint8_t cell_read(uint16_t at)
{
    return eeprom_read_byte((const uint8_t *)at);
}

void cell_write(uint16_t at, uint8_t value)
{
    eeprom_update_byte((uint8_t *)at, value);
    eeprom_busy_wait();
}

void board_show(enum signal signal)
{
    (void)signal;
    shown_at_ms = (uint16_t)relay_timer_ms();
}

ISR(PCINT2_vect)
{
    uint8_t levels = WIEGAND_PIN & WIEGAND_BITS_MASK;
    uint8_t fallen = (uint8_t)(wiegand_levels & ~levels);
    wiegand_levels = levels;
    if (fallen == 0) return;
    uint16_t now_ms = relay_timer_short_ms();
    if (fallen & READER0_D0) wiegand_take_bit(&readers[0], false, now_ms);
    if (fallen & READER0_D1) wiegand_take_bit(&readers[0], true, now_ms);
    if (fallen & READER1_D0) wiegand_take_bit(&readers[1], false, now_ms);
    if (fallen & READER1_D1) wiegand_take_bit(&readers[1], true, now_ms);
}

static void set_pins(void)
{
    WIEGAND_PORT |= WIEGAND_BITS_MASK | UNUSED_D;
    INPUT_PORT |= EXIT_BIT | CONTACT_BIT | TAMPER_BIT | UNUSED_C;
    JUMPER_PORT |= JUMPER_BIT | UNUSED_B;
    LAMP_DDR |= LAMP_BIT;
    WIEGAND_MASK_REGISTER = WIEGAND_BITS_MASK;
    PCICR = WIEGAND_ENABLE;
}

static bool is_jumper_on(void)
{
    return (JUMPER_PIN & JUMPER_BIT) == 0;
}

static bool is_wire_active(enum wire wire)
{
    uint8_t levels = INPUT_PIN;
    if (wire == WIRE_EXIT) return (levels & EXIT_BIT) == 0;
    if (wire == WIRE_CONTACT) return (levels & CONTACT_BIT) == 0;
    /* A forgotten jumper would let every power cut forget the ratchet, so it shows as tampering. */
    return (levels & TAMPER_BIT) != 0 || is_jumper_on();
}

static void tell_wire(enum wire wire, bool is_active)
{
    if (wire == WIRE_TAMPER)
        controller_set_tamper(&controller, is_active);
    else
        controller_set_input(&controller, wire == WIRE_EXIT ? INPUT_EXIT : INPUT_CONTACT, is_active);
}

static bool is_told_active(enum wire wire)
{
    if (wire == WIRE_TAMPER) return controller.is_tampered;
    return (controller.inputs & (1 << (wire == WIRE_EXIT ? INPUT_EXIT : INPUT_CONTACT))) != 0;
}

static void watch_wires(uint16_t now_ms)
{
    static uint16_t steady_since_ms[WIRE_COUNT];
    for (uint8_t wire = 0; wire < WIRE_COUNT; wire += 1) {
        bool is_active = is_wire_active((enum wire)wire);
        if (is_active == is_told_active((enum wire)wire))
            steady_since_ms[wire] = now_ms;
        else if ((uint16_t)(now_ms - steady_since_ms[wire]) >= STEADY_MS)
            tell_wire((enum wire)wire, is_active);
    }
}

static void watch_jumper(uint32_t now_ms)
{
    static bool is_done;
    if (is_done) return;
    bool is_on = is_jumper_on();
    if (is_on && now_ms >= FORGET_MS) controller_forget_pulse(&controller);
    is_done = !is_on || now_ms >= FORGET_MS;
}

static void watch_readers(void)
{
    for (uint8_t reader = 0; reader < READERS; reader += 1) {
        struct wiegand_frame frame;
        bool is_frame;
        ATOMIC_BLOCK(ATOMIC_RESTORESTATE)
        {
            /* Not a time from before: a bit that came since would seem to be older than 65 s. */
            is_frame = wiegand_take_frame(&readers[reader], relay_timer_short_ms(), &frame);
        }
        if (is_frame) controller_take_frame(&controller, reader, &frame);
    }
}

static void set_face_bit(uint8_t bit, bool is_on)
{
    FACE_DDR = (uint8_t)(is_on ? FACE_DDR | bit : FACE_DDR & ~bit);
}

static void show_face(uint16_t now_ms)
{
    uint8_t face = face_at(controller.signal, (uint16_t)(now_ms - shown_at_ms));
    set_face_bit(LIGHT_BIT, (face & FACE_LIGHT) != 0);
    set_face_bit(SOUND_BIT, (face & FACE_SOUND) != 0);
    LAMP_PORT = (uint8_t)(controller.is_serving ? LAMP_PORT | LAMP_BIT : LAMP_PORT & ~LAMP_BIT);
}

/* Feeds the watchdog only when a millisecond has passed by the timer that ends pulses, and the line is alive. */
static void prove_alive(uint16_t now_ms)
{
    static uint16_t fed_at_ms;
    if (now_ms == fed_at_ms || !uart_is_alive(now_ms)) return;
    fed_at_ms = now_ms;
    wdt_reset();
}

int main(void)
{
    set_pins();
    uart_start();
    relay_timer_start();
    set_sleep_mode(SLEEP_MODE_IDLE);
    sei();
    /* A long cable is slow to follow its pull-up; a level read too early would be told as a door that opened. */
    while (relay_timer_ms() < STEADY_MS) sleep_mode();
    uint8_t inputs = (uint8_t)(is_wire_active(WIRE_EXIT) << INPUT_EXIT | is_wire_active(WIRE_CONTACT) << INPUT_CONTACT);
    controller_start(&controller, inputs, is_wire_active(WIRE_TAMPER), relay_timer_ms());
    for (;;) {
        uint8_t byte;
        while (uart_take(&byte)) controller_take_byte(&controller, byte, relay_timer_ms());
        watch_readers();
        watch_wires((uint16_t)relay_timer_ms());
        watch_jumper(relay_timer_ms());
        controller_elapse(&controller, relay_timer_ms());
        show_face((uint16_t)relay_timer_ms());
        prove_alive((uint16_t)relay_timer_ms());
        sleep_mode();
    }
}
