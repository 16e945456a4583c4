/* SPDX-License-Identifier: Apache-2.0 */
/* The millisecond timer and the relay that its interrupt lets fall. */
#ifndef RELAY_TIMER_H
#define RELAY_TIMER_H

#include <stdint.h>

void relay_timer_start(void);
/* Milliseconds since the start; wraps around after 49 days. */
uint32_t relay_timer_ms(void);
/* Low half of the same, for where no interrupt comes between. */
uint16_t relay_timer_short_ms(void);

#endif
