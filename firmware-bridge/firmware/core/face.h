/* SPDX-License-Identifier: Apache-2.0 */
/* What a person at the reader sees and hears. */
#ifndef FACE_H
#define FACE_H

#include <stdint.h>

#include "host-line.h"

#define FACE_LIGHT 1
#define FACE_SOUND 2

/* FACE_LIGHT and FACE_SOUND as they are `elapsed_ms` after the signal came. */
uint8_t face_at(enum signal signal, uint16_t elapsed_ms);

#endif
