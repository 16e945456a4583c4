/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UART_H
#define UART_H

#include <stdbool.h>
#include <stdint.h>

void uart_start(void);
bool uart_take(uint8_t *byte);
/* False when its registers are not as they were set, or bytes wait and none leaves for 50 ms. */
bool uart_is_alive(uint16_t now_ms);

#endif
