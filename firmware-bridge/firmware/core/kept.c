/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <string.h>

#include "crc16.h"

/*
 * A place: state, number (4), body, CRC of number and body (2). The state is WHOLE only while all of it is: it is
 * taken away before the first byte changes and given back after the last, so a write that power cuts anywhere
 * leaves this place void and the one before it whole.
 */
#define WHOLE 0xA5
#define BLANK 0xFF
#define HEAD 5
#define TAIL 2
#define TRIES 3

#define PULSE_BODY 18
#define COUNTS_BODY 6
#define LONGEST_PLACE (HEAD + PULSE_BODY + TAIL)

struct ring {
    uint16_t start;
    uint8_t places;
    uint8_t body_length;
    uint8_t newest;
    uint32_t number;
};

/* Both fit 1024 cells; a cell bears 100,000 writes, so the pulses last for 2.4 million, the counts for 3.2. */
static struct ring pulses = {0, 24, PULSE_BODY, 0, 0};
static struct ring counters = {600, 32, COUNTS_BODY, 0, 0};

static uint8_t place_length(const struct ring *ring)
{
    return (uint8_t)(HEAD + ring->body_length + TAIL);
}

static uint16_t place_start(const struct ring *ring, uint8_t place)
{
    return (uint16_t)(ring->start + (uint16_t)place * place_length(ring));
}

static void put_number(uint8_t *bytes, uint32_t value)
{
    for (uint8_t index = 0; index < 4; index += 1) bytes[index] = (uint8_t)(value >> (8 * index));
}

static uint32_t get_number(const uint8_t *bytes)
{
    uint32_t value = 0;
    for (uint8_t index = 4; index > 0; index -= 1) value = value << 8 | bytes[index - 1];
    return value;
}

static uint16_t check_of(const struct ring *ring, const uint8_t *place)
{
    uint16_t crc = CRC16_START;
    for (uint8_t index = 1; index < HEAD + ring->body_length; index += 1) crc = crc16_take(crc, place[index]);
    return crc;
}

static void read_place(const struct ring *ring, uint8_t place, uint8_t *bytes)
{
    uint16_t start = place_start(ring, place);
    for (uint8_t index = 0; index < place_length(ring); index += 1) bytes[index] = cell_read(start + index);
}

static bool is_whole(const struct ring *ring, const uint8_t *bytes)
{
    uint16_t check = check_of(ring, bytes);
    const uint8_t *tail = bytes + HEAD + ring->body_length;
    return bytes[0] == WHOLE && tail[0] == (check & 0xFF) && tail[1] == check >> 8;
}

static bool is_blank(const struct ring *ring, const uint8_t *bytes)
{
    for (uint8_t index = 0; index < place_length(ring); index += 1)
        if (bytes[index] != BLANK) return false;
    return true;
}

/* Finds the newest whole record and copies its body; returns how many places hold something and nothing whole. */
static uint8_t ring_load(struct ring *ring, uint8_t *body, bool *is_found)
{
    uint8_t bytes[LONGEST_PLACE];
    uint8_t void_places = 0;
    *is_found = false;
    ring->number = 0;
    /* The first save then goes to place 0. */
    ring->newest = (uint8_t)(ring->places - 1);
    for (uint8_t place = 0; place < ring->places; place += 1) {
        read_place(ring, place, bytes);
        if (!is_whole(ring, bytes)) {
            if (!is_blank(ring, bytes)) void_places += 1;
            continue;
        }
        uint32_t number = get_number(bytes + 1);
        if (*is_found && number <= ring->number) continue;
        *is_found = true;
        ring->number = number;
        ring->newest = place;
        memcpy(body, bytes + HEAD, ring->body_length);
    }
    return void_places;
}

static bool write_place(const struct ring *ring, uint8_t place, const uint8_t *bytes)
{
    uint16_t start = place_start(ring, place);
    uint8_t length = place_length(ring);
    cell_write(start, BLANK);
    for (uint8_t index = 1; index < length; index += 1) cell_write(start + index, bytes[index]);
    for (uint8_t index = 1; index < length; index += 1)
        if (cell_read(start + index) != bytes[index]) return false;
    cell_write(start, WHOLE);
    return cell_read(start) == WHOLE;
}

static bool ring_save(struct ring *ring, const uint8_t *body)
{
    uint8_t bytes[LONGEST_PLACE];
    uint8_t place = ring->newest;
    bytes[0] = WHOLE;
    put_number(bytes + 1, ring->number + 1);
    memcpy(bytes + HEAD, body, ring->body_length);
    uint16_t check = check_of(ring, bytes);
    bytes[HEAD + ring->body_length] = (uint8_t)(check & 0xFF);
    bytes[HEAD + ring->body_length + 1] = (uint8_t)(check >> 8);
    for (uint8_t tries = 0; tries < TRIES; tries += 1) {
        place = (uint8_t)((place + 1) % ring->places);
        if (!write_place(ring, place, bytes)) continue;
        ring->newest = place;
        ring->number += 1;
        return true;
    }
    return false;
}

void kept_load(struct kept_pulse *pulse, struct kept_counts *counts)
{
    uint8_t body[PULSE_BODY];
    bool is_found;
    memset(pulse, 0, sizeof *pulse);
    memset(counts, 0, sizeof *counts);
    uint8_t void_places = ring_load(&pulses, body, &is_found);
    if (is_found) {
        pulse->mark.is_set = body[0] != 0;
        pulse->mark.epoch = get_number(body + 1);
        pulse->mark.number = get_number(body + 5);
        pulse->id_length = body[9];
        pulse->id_hash = (uint64_t)get_number(body + 14) << 32 | get_number(body + 10);
    } else if (void_places > 1) {
        /* One void place alone is the first record ever, cut; more of them were records once. */
        pulse->mark.is_set = true;
        pulse->mark.epoch = UINT32_MAX;
        pulse->mark.number = UINT32_MAX;
    }
    ring_load(&counters, body, &is_found);
    if (is_found) {
        counts->offer = (uint16_t)(body[0] | body[1] << 8);
        counts->openings = get_number(body + 2);
    }
}

bool kept_save_pulse(const struct kept_pulse *pulse)
{
    uint8_t body[PULSE_BODY];
    body[0] = pulse->mark.is_set ? 1 : 0;
    put_number(body + 1, pulse->mark.epoch);
    put_number(body + 5, pulse->mark.number);
    body[9] = pulse->id_length;
    put_number(body + 10, (uint32_t)pulse->id_hash);
    put_number(body + 14, (uint32_t)(pulse->id_hash >> 32));
    return ring_save(&pulses, body);
}

bool kept_save_counts(const struct kept_counts *counts)
{
    uint8_t body[COUNTS_BODY];
    body[0] = (uint8_t)(counts->offer & 0xFF);
    body[1] = (uint8_t)(counts->offer >> 8);
    put_number(body + 2, counts->openings);
    return ring_save(&counters, body);
}
