/* SPDX-License-Identifier: Apache-2.0 */
/* What outlives power: two rings of places in an EEPROM of 1024 cells. @see DECISIONS.md */
#ifndef KEPT_H
#define KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "host-line.h"

#define KEPT_CELLS 1024

/* The last pulse that was carried out: the ratchet and the id that is not to be carried out again. */
struct kept_pulse {
    struct mark mark;
    uint8_t id_length;
    uint64_t id_hash;
};

struct kept_counts {
    uint16_t offer;
    uint32_t openings;
};

/* The EEPROM, given by the board. Writing returns when the cell is written. */
uint8_t cell_read(uint16_t at);
void cell_write(uint16_t at, uint8_t value);

/*
 * Reads the newest whole record of each ring; zeros where there is none. A pulse ring that holds records of which
 * none is whole gives the highest mark there is: a lost ratchet refuses every pulse until a person resets it.
 */
void kept_load(struct kept_pulse *pulse, struct kept_counts *counts);

/* Writes a record to the next place and reads it back; false when three places in turn do not hold it. */
bool kept_save_pulse(const struct kept_pulse *pulse);
bool kept_save_counts(const struct kept_counts *counts);

#endif
