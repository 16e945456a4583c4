/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be true before anything else runs, and the fuses. */
#include <avr/io.h>
#include <avr/wdt.h>

#include "pins.h"

/*
 * Crystal of 16 MHz with the longest start-up time; brown-out reset below 4.3 V, since a slow supply must not let
 * the chip write its EEPROM or its pins at random; watchdog always on; EEPROM kept when the chip is programmed,
 * so that new firmware does not forget the ratchet; no boot loader, which would run before this code.
 */
FUSES = {
    .low = 0xFF,
    .high = FUSE_SPIEN & FUSE_WDTON & FUSE_EESAVE,
    .extended = 0xFC,
};

void hold_relay(void) __attribute__((naked, used, section(".init3")));

/* Runs some 10 instructions after the reset, before memory is prepared. The latch comes before the direction. */
void hold_relay(void)
{
    RELAY_PORT &= (uint8_t)~RELAY_BIT;
    RELAY_DDR |= RELAY_BIT;
    /* After a watchdog reset the watchdog runs on with its shortest time, until its flag is cleared. */
    MCUSR = 0;
    wdt_enable(WDTO_500MS);
    wdt_reset();
}
