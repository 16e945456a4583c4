/* SPDX-License-Identifier: Apache-2.0 */
/* Which pin does what on an ATmega328P; the wiring page shows the same. */
#ifndef PINS_H
#define PINS_H

#include <avr/io.h>

/* Relay driver: high = released. A pull-down on the board holds it low while the chip is in reset. */
#define RELAY_PORT PORTB
#define RELAY_DDR DDRB
#define RELAY_PIN PINB
#define RELAY_BIT _BV(PB1)

/* Jumper to ground at power-up, for three seconds: forgets the ratchet. */
#define JUMPER_PORT PORTB
#define JUMPER_PIN PINB
#define JUMPER_BIT _BV(PB0)

/* Wiegand readers, idle high. All four lines share one pin-change interrupt. */
#define WIEGAND_PORT PORTD
#define WIEGAND_PIN PIND
#define READER0_D0 _BV(PD2)
#define READER0_D1 _BV(PD3)
#define READER1_D0 _BV(PD4)
#define READER1_D1 _BV(PD5)
#define WIEGAND_BITS_MASK (READER0_D0 | READER0_D1 | READER1_D0 | READER1_D1)
#define WIEGAND_MASK_REGISTER PCMSK2
#define WIEGAND_ENABLE _BV(PCIE2)

/* Light and sounder of the readers: pulled low = on, let go = off, never driven high. */
#define FACE_PORT PORTC
#define FACE_DDR DDRC
#define LIGHT_BIT _BV(PC3)
#define SOUND_BIT _BV(PC4)

/* Wires to ground with the chip's pull-ups. */
#define INPUT_PORT PORTC
#define INPUT_PIN PINC
#define EXIT_BIT _BV(PC0)    /* normally open button: low = pressed */
#define CONTACT_BIT _BV(PC1) /* closed while the door is: low = closed, a cut wire reads as open */
#define TAMPER_BIT _BV(PC2)  /* closed while the box is: high = tampered, a cut wire reads as tampered */

/* Own lamp, high = on: a host is connected. */
#define LAMP_PORT PORTD
#define LAMP_DDR DDRD
#define LAMP_BIT _BV(PD7)

/* Pins without a use are pulled up, so that they do not float. */
#define UNUSED_B (_BV(PB2) | _BV(PB3) | _BV(PB4) | _BV(PB5))
#define UNUSED_C _BV(PC5)
#define UNUSED_D _BV(PD6)

#endif
