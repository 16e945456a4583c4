/* SPDX-License-Identifier: Apache-2.0 */
#include "uart.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "../core/controller.h"

#define BAUD 38400
#include <util/setbaud.h>
#if USE_2X
#error "the rate is meant to be reached without doubling"
#endif

#define STUCK_MS 50u
#define ENABLED (_BV(RXEN0) | _BV(TXEN0) | _BV(RXCIE0))
#define FRAME (_BV(UCSZ01) | _BV(UCSZ00))

/* Rings of 256: an index of 8 bits wraps around by itself. */
static volatile uint8_t received[256];
static volatile uint8_t received_head;
static volatile uint8_t received_tail;
static volatile uint8_t sending[256];
static volatile uint8_t sending_head;
static volatile uint8_t sending_tail;

ISR(USART_RX_vect)
{
    uint8_t byte = UDR0;
    uint8_t next = (uint8_t)(received_head + 1);
    if (next == received_tail) return;
    received[received_head] = byte;
    received_head = next;
}

ISR(USART_UDRE_vect)
{
    uint8_t tail = sending_tail;
    if (tail == sending_head) {
        UCSR0B &= (uint8_t)~_BV(UDRIE0);
        return;
    }
    UDR0 = sending[tail];
    sending_tail = (uint8_t)(tail + 1);
}

void uart_start(void)
{
    UBRR0 = UBRR_VALUE;
    UCSR0A = 0;
    UCSR0C = FRAME;
    UCSR0B = ENABLED;
}

bool uart_take(uint8_t *byte)
{
    uint8_t tail = received_tail;
    if (tail == received_head) return false;
    *byte = received[tail];
    received_tail = (uint8_t)(tail + 1);
    return true;
}

void board_send(const char *line, uint8_t length)
{
    uint8_t head = sending_head;
    uint8_t free_bytes = (uint8_t)(sending_tail - head - 1);
    /* A whole line or none: waiting here would stop the door, and the host sees the gap in the numbers. */
    if (length > free_bytes) return;
    for (uint8_t index = 0; index < length; index += 1) sending[(uint8_t)(head + index)] = (uint8_t)line[index];
    sending_head = (uint8_t)(head + length);
    UCSR0B |= _BV(UDRIE0);
}

bool uart_is_alive(uint16_t now_ms)
{
    static uint8_t seen_tail;
    static uint16_t moved_at_ms;
    uint8_t tail = sending_tail;
    if (tail != seen_tail || tail == sending_head) {
        seen_tail = tail;
        moved_at_ms = now_ms;
    }
    bool is_set = UBRR0 == UBRR_VALUE && (UCSR0B & ENABLED) == ENABLED && UCSR0C == FRAME;
    return is_set && (uint16_t)(now_ms - moved_at_ms) < STUCK_MS;
}
