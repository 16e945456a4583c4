/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays the core on this machine, for tests: one command a line on standard input, what the core did on standard
 * output, a line with a dot after each command. Times are ms.
 *   new                      a chip as it left the factory
 *   power T | unpower T      T: now
 *   bytes T HEX | elapse T
 *   input T N LEVEL | tamper T LEVEL
 *   frame T READER BITS      BITS: 0 and 1, first sent first
 *   cut N                    power goes before the N+1st cell that is written from here on
 *   wear                     how often the cell was written that was written most
 *   cell AT VALUE            changes a cell
 *   worn AT                  a cell that no longer takes what is written
 *   forget                   the jumper
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/controller.h"

static struct controller controller;
static uint8_t cells[KEPT_CELLS];
static uint8_t worn[KEPT_CELLS];
static unsigned long writes[KEPT_CELLS];
static bool has_power;
static uint8_t inputs;
static bool is_tampered;
static uint32_t now_ms;
static bool is_released;
static uint32_t released_until_ms;
static bool is_cut_armed;
static unsigned long writes_left;
static jmp_buf power_cut;

uint8_t cell_read(uint16_t at)
{
    return cells[at];
}

void cell_write(uint16_t at, uint8_t value)
{
    if (cells[at] == value) return;
    if (is_cut_armed && writes_left == 0) {
        /* The cell under way may hold anything. */
        cells[at] = (uint8_t)(cells[at] ^ value ^ 0x5A);
        longjmp(power_cut, 1);
    }
    writes_left -= 1;
    writes[at] += 1;
    if (!worn[at]) cells[at] = value;
}

void board_send(const char *line, uint8_t length)
{
    printf("send %.*s", length, line);
}

void board_release(uint16_t ms)
{
    if (!is_released || released_until_ms - now_ms < ms) released_until_ms = now_ms + ms;
    if (!is_released) puts("relay 1");
    is_released = true;
}

void board_lock(void)
{
    if (is_released) puts("relay 0");
    is_released = false;
}

bool board_is_released(void)
{
    if (is_released && (int32_t)(now_ms - released_until_ms) >= 0) board_lock();
    return is_released;
}

void board_show(enum signal signal)
{
    static const char *const words[] = {"granted", "denied", "wait", "alarm", "idle"};
    printf("signal %s\n", words[signal]);
}

static void set_power(bool is_on)
{
    if (!is_on) board_lock();
    has_power = is_on;
    if (is_on) controller_start(&controller, inputs, is_tampered, now_ms);
}

static void take_bytes(const char *hex)
{
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2) controller_take_byte(&controller, (uint8_t)byte, now_ms);
}

static void take_frame(unsigned reader, const char *bits)
{
    struct wiegand_line line;
    struct wiegand_frame frame;
    memset(&line, 0, sizeof line);
    for (; *bits != '\0'; bits += 1) wiegand_take_bit(&line, *bits == '1', 0);
    if (wiegand_take_frame(&line, 1000, &frame)) controller_take_frame(&controller, (uint8_t)reader, &frame);
}

static void set_input(unsigned input, bool is_active)
{
    uint8_t bit = (uint8_t)(1u << input);
    inputs = (uint8_t)(is_active ? inputs | bit : inputs & ~bit);
    if (has_power) controller_set_input(&controller, (uint8_t)input, is_active);
}

static void set_tamper(bool is_active)
{
    is_tampered = is_active;
    if (has_power) controller_set_tamper(&controller, is_active);
}

static void new_chip(void)
{
    memset(cells, 0xFF, sizeof cells);
    memset(worn, 0, sizeof worn);
    memset(writes, 0, sizeof writes);
    has_power = false;
    is_released = false;
    is_cut_armed = false;
    is_tampered = false;
    inputs = 0;
}

static void print_wear(void)
{
    unsigned long most = 0;
    for (size_t at = 0; at < KEPT_CELLS; at += 1)
        if (writes[at] > most) most = writes[at];
    printf("wear %lu\n", most);
}

static void obey(const char *command)
{
    char text[600] = "";
    unsigned long value;
    unsigned first;
    unsigned second;
    if (strncmp(command, "new", 3) == 0) new_chip();
    else if (strncmp(command, "wear", 4) == 0) print_wear();
    else if (strncmp(command, "forget", 6) == 0) controller_forget_pulse(&controller);
    else if (sscanf(command, "cut %lu", &value) == 1) writes_left = value, is_cut_armed = true;
    else if (sscanf(command, "cell %u %u", &first, &second) == 2) cells[first % KEPT_CELLS] = (uint8_t)second;
    else if (sscanf(command, "worn %u", &first) == 1) worn[first % KEPT_CELLS] = 1;
    else if (sscanf(command, "%*s %lu", &value) == 1) {
        now_ms = (uint32_t)value;
        if (strncmp(command, "power", 5) == 0 && !has_power) set_power(true);
        else if (strncmp(command, "unpower", 7) == 0) set_power(false);
        else if (sscanf(command, "input %*u %u %u", &first, &second) == 2) set_input(first, second == 1);
        else if (sscanf(command, "tamper %*u %u", &first) == 1) set_tamper(first == 1);
        else if (!has_power) return;
        else if (sscanf(command, "bytes %*u %599s", text) == 1) take_bytes(text);
        else if (sscanf(command, "frame %*u %u %599s", &first, text) == 2) take_frame(first, text);
        else if (strncmp(command, "elapse", 6) == 0) controller_elapse(&controller, now_ms);
    }
}

int main(void)
{
    char command[1024];
    new_chip();
    while (fgets(command, sizeof command, stdin) != NULL) {
        if (setjmp(power_cut) == 0) {
            obey(command);
        } else {
            is_cut_armed = false;
            set_power(false);
            puts("cut");
        }
        puts(".");
    }
    return 0;
}
