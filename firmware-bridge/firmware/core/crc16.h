/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CRC16_H
#define CRC16_H

#include <stdint.h>

#define CRC16_START 0xFFFFu

/* Takes one byte more into a CRC-16/IBM-3740; "123456789" gives 29B1. */
uint16_t crc16_take(uint16_t crc, uint8_t byte);

#endif
