/* SPDX-License-Identifier: Apache-2.0 */
#include "face.h"

#define SLOW_MS 512u
#define QUICK_MS 128u
#define BEEP_MS 200u
#define THREE_BEEPS_MS (6u * QUICK_MS)

static uint8_t while_true(uint8_t face, int condition)
{
    return condition ? face : 0;
}

uint8_t face_at(enum signal signal, uint16_t elapsed_ms)
{
    switch (signal) {
    case SIGNAL_GRANTED:
        return FACE_LIGHT | while_true(FACE_SOUND, elapsed_ms < BEEP_MS);
    case SIGNAL_DENIED:
        return while_true(FACE_SOUND, elapsed_ms < THREE_BEEPS_MS && (elapsed_ms & QUICK_MS) == 0);
    case SIGNAL_WAIT:
        return while_true(FACE_LIGHT, (elapsed_ms & SLOW_MS) == 0);
    case SIGNAL_ALARM:
        return while_true(FACE_LIGHT | FACE_SOUND, (elapsed_ms & QUICK_MS) == 0);
    default:
        return 0;
    }
}
