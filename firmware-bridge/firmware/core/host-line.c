/* SPDX-License-Identifier: Apache-2.0 */
#include "host-line.h"

#include <string.h>

#include "crc16.h"

#define CHECK_LENGTH 5
#define ID_LONGEST 36

struct cursor {
    const char *at;
    const char *end;
};

static bool take_char(struct cursor *cursor, char wanted)
{
    if (cursor->at == cursor->end || *cursor->at != wanted) return false;
    cursor->at += 1;
    return true;
}

/* Value of a digit, letters in the case that begins at `ten`; 255 for none. */
static uint8_t digit_value(char digit, char ten)
{
    if (digit >= '0' && digit <= '9') return (uint8_t)(digit - '0');
    if (digit >= ten && digit <= ten + 5) return (uint8_t)(digit - ten + 10);
    return 255;
}

static bool take_hex(struct cursor *cursor, uint8_t digits, char ten, uint32_t *value)
{
    *value = 0;
    for (; digits > 0; digits -= 1) {
        uint8_t digit = cursor->at == cursor->end ? 255 : digit_value(*cursor->at, ten);
        if (digit == 255) return false;
        *value = *value << 4 | digit;
        cursor->at += 1;
    }
    return true;
}

static bool take_decimal(struct cursor *cursor, uint32_t *value)
{
    const char *start = cursor->at;
    *value = 0;
    while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
        uint8_t digit = (uint8_t)(*cursor->at - '0');
        if (*value > (UINT32_MAX - digit) / 10) return false;
        *value = *value * 10 + digit;
        cursor->at += 1;
    }
    if (cursor->at == start) return false;
    return *start != '0' || cursor->at == start + 1;
}

/* A field of printable characters without blank and `*`; 0 for none. */
static uint8_t take_text(struct cursor *cursor)
{
    const char *start = cursor->at;
    while (cursor->at < cursor->end && *cursor->at > ' ' && *cursor->at <= '~' && *cursor->at != '*')
        cursor->at += 1;
    return (uint8_t)(cursor->at - start);
}

static bool take_mark(struct cursor *cursor, struct mark *mark)
{
    mark->is_set = !take_char(cursor, '-');
    if (!mark->is_set) return true;
    return take_decimal(cursor, &mark->epoch) && take_char(cursor, '.') && take_decimal(cursor, &mark->number);
}

static bool take_pulse(struct cursor *cursor, struct host_line *line)
{
    uint32_t output;
    if (!take_char(cursor, ' ') || !take_decimal(cursor, &output) || output > 7) return false;
    line->output = (uint8_t)output;
    if (!take_char(cursor, ' ') || !take_decimal(cursor, &line->duration_ms)) return false;
    if (!take_char(cursor, ' ')) return false;
    line->id = cursor->at;
    line->id_length = take_text(cursor);
    if (line->id_length == 0 || line->id_length > ID_LONGEST) return false;
    return take_char(cursor, ' ') && take_mark(cursor, &line->mark);
}

static bool take_hello(struct cursor *cursor, struct host_line *line)
{
    uint32_t offer;
    uint32_t nonce;
    if (!take_char(cursor, ' ') || !take_hex(cursor, 4, 'a', &offer)) return false;
    if (!take_char(cursor, ' ') || !take_hex(cursor, 4, 'a', &nonce)) return false;
    line->offer = (uint16_t)offer;
    line->nonce = (uint16_t)nonce;
    return true;
}

static bool take_signal(struct cursor *cursor, struct host_line *line)
{
    static const char words[SIGNAL_COUNT][8] = {"granted", "denied", "wait", "alarm", "idle"};
    if (!take_char(cursor, ' ')) return false;
    const char *start = cursor->at;
    uint8_t length = take_text(cursor);
    for (uint8_t index = 0; index < SIGNAL_COUNT; index += 1) {
        if (strlen(words[index]) == length && memcmp(words[index], start, length) == 0) {
            line->signal = (enum signal)index;
            return true;
        }
    }
    return false;
}

static bool take_fields(struct cursor *cursor, struct host_line *line)
{
    switch (line->code) {
    case 'Q':
    case 'T':
    case 'L':
        return true;
    case 'H':
        return take_hello(cursor, line);
    case 'P':
        return take_pulse(cursor, line);
    case 'G':
        return take_signal(cursor, line);
    default:
        return false;
    }
}

static bool is_check_right(const char *text, uint8_t body_length)
{
    struct cursor cursor = {text + body_length, text + body_length + CHECK_LENGTH};
    uint32_t told;
    if (!take_char(&cursor, '*') || !take_hex(&cursor, 4, 'A', &told)) return false;
    uint16_t crc = CRC16_START;
    for (uint8_t index = 0; index < body_length; index += 1) crc = crc16_take(crc, (uint8_t)text[index]);
    return crc == told;
}

bool host_line_parse(const char *text, uint8_t length, struct host_line *line)
{
    if (length <= CHECK_LENGTH) return false;
    uint8_t body_length = (uint8_t)(length - CHECK_LENGTH);
    if (!is_check_right(text, body_length)) return false;
    struct cursor cursor = {text, text + body_length};
    if (!take_char(&cursor, '>') || !take_hex(&cursor, 8, 'a', &line->session)) return false;
    if (!take_char(&cursor, ' ') || !take_decimal(&cursor, &line->seq)) return false;
    if (!take_char(&cursor, ' ') || cursor.at == cursor.end) return false;
    line->code = *cursor.at;
    cursor.at += 1;
    return take_fields(&cursor, line) && cursor.at == cursor.end;
}
