/* SPDX-License-Identifier: Apache-2.0 */
#include "controller.h"

#include <string.h>

#include "crc16.h"

#define OFFER_MS 1000u
#define SILENCE_MS 3000u
#define ANSWER_SIGNAL_MS 3000u
#define NO_SESSION 0u
/* A told count that was lost on the line is made good within about a minute. */
#define COUNT_EVERY 64u

/* A line being written; no line of the controller comes near the longest. */
struct writing {
    char text[LINE_BYTES];
    uint8_t length;
};

static void put_char(struct writing *line, char character)
{
    if (line->length < sizeof line->text) line->text[line->length++] = character;
}

static void put_text(struct writing *line, const char *text)
{
    while (*text != '\0') put_char(line, *text++);
}

static void put_hex(struct writing *line, uint32_t value, uint8_t digits, char ten)
{
    while (digits > 0) {
        digits -= 1;
        uint8_t digit = (uint8_t)(value >> (4 * digits) & 0x0F);
        put_char(line, (char)(digit < 10 ? '0' + digit : ten + digit - 10));
    }
}

static void put_decimal(struct writing *line, uint32_t value)
{
    char digits[10];
    uint8_t count = 0;
    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (count > 0) put_char(line, digits[--count]);
}

static void put_number_field(struct writing *line, uint32_t value)
{
    put_char(line, ' ');
    put_decimal(line, value);
}

static void put_flag_field(struct writing *line, bool flag)
{
    put_text(line, flag ? " 1" : " 0");
}

static void begin_line(struct writing *line, uint32_t session, uint32_t seq, char code)
{
    line->length = 0;
    put_char(line, '<');
    put_hex(line, session, 8, 'a');
    put_number_field(line, seq);
    put_char(line, ' ');
    put_char(line, code);
}

static void begin_report(struct controller *controller, struct writing *line, char code)
{
    controller->sent_seq += 1;
    begin_line(line, controller->session, controller->sent_seq, code);
}

static void send_line(struct writing *line)
{
    uint16_t crc = CRC16_START;
    for (uint8_t index = 0; index < line->length; index += 1) crc = crc16_take(crc, (uint8_t)line->text[index]);
    put_char(line, '*');
    put_hex(line, crc, 4, 'A');
    put_char(line, '\n');
    board_send(line->text, line->length);
}

static void send_offer(struct controller *controller, uint32_t now_ms)
{
    struct writing line;
    controller->offered_at_ms = now_ms;
    begin_line(&line, NO_SESSION, 0, 'B');
    put_number_field(&line, LINE_VERSION);
    put_char(&line, ' ');
    put_hex(&line, controller->counts.offer, 4, 'a');
    send_line(&line);
}

static void put_refusal(struct writing *line, uint32_t seq, enum refusal reason)
{
    static const char words[][10] = {"", " session", " old", " duration", " ratchet", " output"};
    put_number_field(line, seq);
    put_text(line, words[reason]);
}

static void send_refusal(struct controller *controller, uint32_t seq, enum refusal reason)
{
    struct writing line;
    if (reason == REFUSED_SESSION)
        begin_line(&line, NO_SESSION, 0, 'N');
    else
        begin_report(controller, &line, 'N');
    put_refusal(&line, seq, reason);
    send_line(&line);
}

static void report_relay(struct controller *controller, bool is_released, const char *cause)
{
    struct writing line;
    controller->is_told_released = is_released;
    begin_report(controller, &line, 'O');
    put_text(&line, " 0");
    put_flag_field(&line, is_released);
    put_text(&line, cause);
    send_line(&line);
}

static void report_openings(struct controller *controller)
{
    struct writing line;
    begin_report(controller, &line, 'D');
    put_number_field(&line, controller->counts.openings);
    send_line(&line);
}

static void report_welcome(struct controller *controller)
{
    struct writing line;
    const struct mark *mark = &controller->pulse.mark;
    begin_report(controller, &line, 'W');
    put_number_field(&line, MAX_PULSE_MS);
    put_number_field(&line, INPUT_COUNT);
    if (mark->is_set) {
        put_number_field(&line, mark->epoch);
        put_char(&line, '.');
        put_decimal(&line, mark->number);
    } else {
        put_text(&line, " -");
    }
    send_line(&line);
}

static void report_status(struct controller *controller, uint32_t seq)
{
    struct writing line;
    begin_report(controller, &line, 'S');
    put_number_field(&line, seq);
    put_char(&line, ' ');
    put_hex(&line, controller->inputs, 2, 'a');
    put_flag_field(&line, controller->is_tampered);
    put_flag_field(&line, board_is_released());
    send_line(&line);
    if (seq % COUNT_EVERY == 0) report_openings(controller);
}

static void report_done(struct controller *controller, uint32_t seq)
{
    struct writing line;
    begin_report(controller, &line, 'A');
    put_number_field(&line, seq);
    put_flag_field(&line, board_is_released());
    send_line(&line);
}

/* Tells the end of a pulse, which the timer interrupt brings about by itself. */
static void notice_end(struct controller *controller)
{
    if (controller->is_told_released && !board_is_released()) report_relay(controller, false, " ended");
}

static void lock(struct controller *controller, const char *cause)
{
    if (cause != NULL) notice_end(controller);
    board_lock();
    if (controller->is_told_released && cause != NULL) report_relay(controller, false, cause);
    controller->is_told_released = false;
}

static void show(struct controller *controller, enum signal signal, uint32_t now_ms)
{
    if (controller->signal != signal) board_show(signal);
    controller->signal = signal;
    controller->signal_at_ms = now_ms;
}

static void answer(struct controller *controller, const struct host_line *line)
{
    if (controller->last_refusal != REFUSED_NOT)
        send_refusal(controller, line->seq, controller->last_refusal);
    else if (line->code == 'T')
        report_status(controller, line->seq);
    else
        report_done(controller, line->seq);
}

/* A gateway put back to an older copy of itself counts its records from where the copy ends. */
static bool is_behind(const struct mark *mark, const struct mark *seen)
{
    if (!seen->is_set) return false;
    if (!mark->is_set) return true;
    return mark->epoch != seen->epoch ? mark->epoch < seen->epoch : mark->number < seen->number;
}

/* FNV-1a, 64 bit: an EEPROM that holds 8 bytes of an id instead of 36 is written in half the time. */
static uint64_t hash_of(const char *id, uint8_t length)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (uint8_t index = 0; index < length; index += 1) {
        hash ^= (uint8_t)id[index];
        hash *= 0x100000001B3u;
    }
    return hash;
}

static enum refusal carry_out_pulse(struct controller *controller, const struct host_line *line)
{
    struct kept_pulse *last = &controller->pulse;
    if (line->output != 0) return REFUSED_OUTPUT;
    if (line->duration_ms < SHORTEST_PULSE_MS || line->duration_ms > MAX_PULSE_MS) return REFUSED_DURATION;
    if (is_behind(&line->mark, &last->mark)) return REFUSED_RATCHET;
    struct kept_pulse next = {line->mark.is_set ? line->mark : last->mark, line->id_length,
                              hash_of(line->id, line->id_length)};
    if (next.id_length == last->id_length && next.id_hash == last->id_hash) return REFUSED_NOT;
    /* Kept before the relay moves: a pulse that no power cut can make forgotten, or none. */
    if (!kept_save_pulse(&next)) return REFUSED_RATCHET;
    *last = next;
    /* Keeping takes a tenth of a second, in which an earlier pulse may have ended. */
    notice_end(controller);
    board_release((uint16_t)line->duration_ms);
    if (!controller->is_told_released) report_relay(controller, true, " pulse");
    return REFUSED_NOT;
}

static void obey(struct controller *controller, const struct host_line *line, uint32_t now_ms)
{
    controller->received_seq = line->seq;
    controller->last_refusal = REFUSED_NOT;
    if (line->code == 'P') controller->last_refusal = carry_out_pulse(controller, line);
    if (line->code == 'L') lock(controller, " secured");
    if (line->code == 'G') show(controller, line->signal, now_ms);
    answer(controller, line);
}

static void welcome(struct controller *controller, const struct host_line *line, uint32_t now_ms)
{
    /* A hello that quotes another offer came out of a buffer; the host behind it may be gone. */
    if (line->offer != controller->counts.offer) return;
    lock(controller, NULL);
    show(controller, SIGNAL_IDLE, now_ms);
    controller->is_serving = true;
    controller->session = (uint32_t)line->offer << 16 | line->nonce;
    controller->received_seq = 0;
    controller->sent_seq = 0;
    controller->last_refusal = REFUSED_NOT;
    controller->heard_at_ms = now_ms;
    /* Kept before it is offered, so that no session of a later boot is like one of this. */
    controller->counts.offer += 1;
    kept_save_counts(&controller->counts);
    report_welcome(controller);
    report_openings(controller);
}

static void take_line(struct controller *controller, const struct host_line *line, uint32_t now_ms)
{
    if (line->code == 'Q') {
        send_offer(controller, now_ms);
        return;
    }
    if (line->code == 'H') {
        welcome(controller, line, now_ms);
        return;
    }
    if (line->seq == 0) return;
    if (!controller->is_serving) {
        send_refusal(controller, line->seq, REFUSED_SESSION);
        return;
    }
    /* A line of an earlier session, late out of some buffer: answering it would disturb the present one. */
    if (line->session != controller->session) return;
    controller->heard_at_ms = now_ms;
    if (line->seq < controller->received_seq)
        send_refusal(controller, line->seq, REFUSED_OLD);
    else if (line->seq == controller->received_seq)
        answer(controller, line);
    else
        obey(controller, line, now_ms);
}

void controller_start(struct controller *controller, uint8_t inputs, bool is_tampered, uint32_t now_ms)
{
    memset(controller, 0, sizeof *controller);
    board_lock();
    kept_load(&controller->pulse, &controller->counts);
    controller->inputs = inputs;
    controller->is_tampered = is_tampered;
    controller->signal = SIGNAL_IDLE;
    controller->counts.offer += 1;
    kept_save_counts(&controller->counts);
    send_offer(controller, now_ms);
}

void controller_take_byte(struct controller *controller, uint8_t byte, uint32_t now_ms)
{
    struct host_line line;
    struct line_buffer *received = &controller->received;
    if (!line_buffer_take(received, byte, now_ms)) return;
    /* Damage is answered with silence: the host repeats what it gets no answer to. */
    if (host_line_parse(received->text, received->length, &line)) take_line(controller, &line, now_ms);
    received->length = 0;
}

void controller_elapse(struct controller *controller, uint32_t now_ms)
{
    if (!controller->is_serving) {
        if (now_ms - controller->offered_at_ms >= OFFER_MS) send_offer(controller, now_ms);
        return;
    }
    notice_end(controller);
    bool is_answer = controller->signal == SIGNAL_GRANTED || controller->signal == SIGNAL_DENIED;
    if (is_answer && now_ms - controller->signal_at_ms >= ANSWER_SIGNAL_MS) show(controller, SIGNAL_IDLE, now_ms);
    if (now_ms - controller->heard_at_ms < SILENCE_MS) return;
    lock(controller, " silence");
    show(controller, SIGNAL_IDLE, now_ms);
    controller->is_serving = false;
    send_offer(controller, now_ms);
}

void controller_set_input(struct controller *controller, uint8_t input, bool is_active)
{
    struct writing line;
    uint8_t bit = (uint8_t)(1u << input);
    bool was_active = (controller->inputs & bit) != 0;
    bool is_opening = input == INPUT_CONTACT && was_active && !is_active;
    controller->inputs = (uint8_t)(is_active ? controller->inputs | bit : controller->inputs & ~bit);
    if (is_opening) controller->counts.openings += 1;
    if (controller->is_serving) {
        begin_report(controller, &line, 'I');
        put_number_field(&line, input);
        put_flag_field(&line, is_active);
        send_line(&line);
        if (is_opening) report_openings(controller);
    }
    /* Told first: keeping takes longer than a gateway should wait for an opened door. */
    if (is_opening) kept_save_counts(&controller->counts);
}

void controller_set_tamper(struct controller *controller, bool is_active)
{
    struct writing line;
    controller->is_tampered = is_active;
    if (!controller->is_serving) return;
    begin_report(controller, &line, 'X');
    put_flag_field(&line, is_active);
    send_line(&line);
}

static void report_key(struct controller *controller, uint8_t key)
{
    struct writing line;
    begin_report(controller, &line, 'K');
    if (key == KEY_CLEAR)
        put_text(&line, " clear");
    else if (key == KEY_ENTER)
        put_text(&line, " enter");
    else
        put_number_field(&line, key);
    send_line(&line);
}

static void report_card(struct controller *controller, uint8_t reader, const struct wiegand_frame *frame)
{
    struct writing line;
    /* No card has more bits than fit: it is told as one bit, so that the host counts a damaged read. */
    uint8_t bits = frame->count > WIEGAND_BITS ? 1 : frame->count;
    begin_report(controller, &line, 'C');
    put_number_field(&line, reader);
    put_number_field(&line, bits);
    put_char(&line, ' ');
    for (uint8_t index = 0; index < (bits + 7) / 8; index += 1)
        put_hex(&line, bits == 1 ? 0 : frame->bytes[index], 2, 'A');
    send_line(&line);
}

void controller_take_frame(struct controller *controller, uint8_t reader, const struct wiegand_frame *frame)
{
    /* Nothing is kept for a host that comes later: a card must not open the door minutes after it was shown. */
    if (!controller->is_serving) return;
    uint8_t key = wiegand_key(frame);
    if (key != KEY_NONE)
        report_key(controller, key);
    else
        report_card(controller, reader, frame);
}

void controller_forget_pulse(struct controller *controller)
{
    memset(&controller->pulse, 0, sizeof controller->pulse);
    kept_save_pulse(&controller->pulse);
}
