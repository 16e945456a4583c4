/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of the host, as protocol/line/PROTOCOL.md has them. */
#ifndef HOST_LINE_H
#define HOST_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* Longest line with its newline. */
#define LINE_BYTES 96

enum signal { SIGNAL_GRANTED, SIGNAL_DENIED, SIGNAL_WAIT, SIGNAL_ALARM, SIGNAL_IDLE, SIGNAL_COUNT };

/* Place of a record in the gateway's journal. */
struct mark {
    bool is_set;
    uint32_t epoch;
    uint32_t number;
};

struct host_line {
    uint32_t session;
    uint32_t seq;
    /* Q, H, T, P, L or G; the fields below belong to the code at their side. */
    char code;
    uint16_t offer;       /* H */
    uint16_t nonce;       /* H */
    uint8_t output;       /* P: 0 to 7 */
    uint32_t duration_ms; /* P */
    const char *id;       /* P: points into the parsed text */
    uint8_t id_length;    /* P: 1 to 36 */
    struct mark mark;     /* P */
    enum signal signal;   /* G */
};

/* Parses a line without its newline; false for damage, an echo and what this version does not know. */
bool host_line_parse(const char *text, uint8_t length, struct host_line *line);

#endif
