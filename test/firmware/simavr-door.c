/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An ATmega328P running the real image in real time: its UART is a pseudo-terminal, its pins are watched at each
 * instruction and driven from standard input. Linked with libsimavr, which is GPL-3; see LICENSE.md beside it.
 *
 *   simavr-door IMAGE.elf
 *
 * Standard input, one command a line:
 *   pin PORT BIT LEVEL              drives an input, e.g. `pin C 0 0`
 *   wiegand READER BITS LOW GAP     sends a frame; LOW and GAP in us
 *   reset                           pulls the reset pin
 *   power 0 | power 1               takes and gives power; the EEPROM stays
 *   cut N                           takes power in the middle of writing the N+1st cell from here on
 *   poke AT VALUE                   disturbs a byte of data memory (registers and variables)
 *   stick 0 | stick 1               lets the main program run in circles where it is, until the next reset;
 *                                   1: with interrupts off
 * Standard output, one event a line, T in us of simulated time over all resets:
 *   pty PATH | relay T LEVEL | face T LIGHT SOUND LAMP | reset T CAUSE | power T LEVEL | tx T LINE
 *   LEVEL of the relay pin: 0 driven low, 1 driven high, z floating, p pulled up by the chip
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <simavr/avr_eeprom.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_uart.h>
#include <simavr/sim_avr.h>
#include <simavr/sim_elf.h>

#define HERTZ 16000000ull
#define CYCLES_PER_US (HERTZ / 1000000ull)
#define BYTE_CYCLES (HERTZ / 3840ull)
/* How far simulated time may run ahead, and how far it may fall behind before the lost time is given up. */
#define AHEAD_NS 300000ll
#define BEHIND_NS 20000000ll
#define SLICE_CYCLES (HERTZ / 5000ull)

#define AT_PORTB 0x25
#define AT_DDRB 0x24
#define AT_DDRC 0x27
#define AT_PORTD 0x2B
#define AT_EECR 0x3F
#define AT_EEDR 0x40
#define AT_EEARL 0x41
#define AT_EEARH 0x42
#define EEMPE 0x04
#define RELAY 0x02

#define MAX_EDGES 4096
#define CELLS 1024

struct edge {
    uint64_t at;
    char port;
    uint8_t bit;
    uint8_t level;
};

static avr_t *avr;
static elf_firmware_t image;
static bool has_power = true;
/* Cycles before the last reset, where simavr counts anew at each. */
static uint64_t base_cycles;
static uint64_t last_cycle;
static bool was_reset;
static const char *reset_cause = "watchdog";
/* Of the wires at ports B, C and D: pulled up, except for the relay's driver. */
static uint8_t levels[3] = {0x3D, 0x7F, 0xFF};
static struct edge edges[MAX_EDGES];
static unsigned edge_count;
static int pty_fd;
static uint8_t host_bytes[4096];
static unsigned host_length;
static bool is_uart_full;
static bool is_cut_armed;
static unsigned long writes_left;
static bool is_stick_armed;
static bool is_stick_silent;
static bool is_stuck;
static avr_flashaddr_t stuck_at;
static uint8_t stuck_bytes[2];
static char sent_line[256];
static unsigned sent_length;

static uint64_t now_cycles(void)
{
    return base_cycles + (avr->cycle > last_cycle ? avr->cycle : last_cycle);
}

static void tell(const char *kind, const char *format, ...)
{
    va_list values;
    printf("%s %llu ", kind, (unsigned long long)(now_cycles() / CYCLES_PER_US));
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

static avr_irq_t *pin_irq(char port, unsigned bit)
{
    return avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), (int)bit);
}

static void drive_pin(char port, unsigned bit, unsigned level)
{
    uint8_t mask = (uint8_t)(1u << bit);
    uint8_t *held = &levels[port - 'B'];
    *held = (uint8_t)(level ? *held | mask : *held & ~mask);
    /* At each write to a port simavr puts its inputs to what is outside, or else to their pull-ups. */
    avr_ioport_external_t outside = {port, 0xFF, *held};
    avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), &outside);
    if (has_power) avr_raise_irq(pin_irq(port, bit), level);
}

/* A reset clears the pins' register; the wires are as they were. */
static void drive_all_pins(void)
{
    for (char port = 'B'; port <= 'D'; port += 1) {
        for (unsigned bit = 0; bit < 8; bit += 1) {
            unsigned level = levels[port - 'B'] >> bit & 1;
            if (pin_irq(port, bit) == NULL) continue;
            /* Both ways, because a level that simavr still holds would not be raised again. */
            drive_pin(port, bit, !level);
            drive_pin(port, bit, level);
        }
    }
}

static avr_cycle_count_t on_edge_due(avr_t *chip, avr_cycle_count_t when, void *param)
{
    (void)when;
    (void)param;
    unsigned kept = 0;
    uint64_t now = base_cycles + chip->cycle;
    uint64_t next = UINT64_MAX;
    for (unsigned index = 0; index < edge_count; index += 1) {
        struct edge edge = edges[index];
        if (edge.at <= now) {
            drive_pin(edge.port, edge.bit, edge.level);
            continue;
        }
        if (edge.at < next) next = edge.at;
        edges[kept++] = edge;
    }
    edge_count = kept;
    return next == UINT64_MAX ? 0 : next - base_cycles;
}

static avr_cycle_count_t on_byte_due(avr_t *chip, avr_cycle_count_t when, void *param)
{
    (void)param;
    if (host_length == 0) return 0;
    if (is_uart_full) return when + BYTE_CYCLES;
    avr_raise_irq(avr_io_getirq(chip, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_INPUT), host_bytes[0]);
    host_length -= 1;
    memmove(host_bytes, host_bytes + 1, host_length);
    return host_length == 0 ? 0 : when + BYTE_CYCLES;
}

static void arm_timers(void)
{
    if (edge_count > 0) avr_cycle_timer_register(avr, 1, on_edge_due, NULL);
    if (host_length > 0) avr_cycle_timer_register(avr, BYTE_CYCLES, on_byte_due, NULL);
}

static void add_edge(uint64_t at, char port, unsigned bit, unsigned level)
{
    if (edge_count == MAX_EDGES) exit(3);
    edges[edge_count++] = (struct edge){at, port, (uint8_t)bit, (uint8_t)level};
}

static void send_wiegand(unsigned reader, const char *bits, unsigned low_us, unsigned gap_us)
{
    /* Readers have a clock of their own, so a frame begins anywhere between two ticks of the chip. */
    static unsigned phase;
    phase = (phase + 7919) % 16000;
    uint64_t at = now_cycles() + 1600 + phase;
    for (; *bits == '0' || *bits == '1'; bits += 1) {
        unsigned bit = 2 + 2 * reader + (*bits == '1');
        add_edge(at, 'D', bit, 0);
        add_edge(at + low_us * CYCLES_PER_US, 'D', bit, 1);
        at += gap_us * CYCLES_PER_US;
    }
    if (has_power) avr_cycle_timer_register(avr, 1, on_edge_due, NULL);
}

static void tell_pins(void)
{
    static char relay_was = '?';
    static int face_was = -1;
    const uint8_t *data = avr->data;
    bool is_output = has_power && (data[AT_DDRB] & RELAY);
    bool is_high = has_power && (data[AT_PORTB] & RELAY);
    char relay = is_output ? (is_high ? '1' : '0') : (is_high ? 'p' : 'z');
    int face = has_power ? (data[AT_DDRC] & 0x18) | (data[AT_PORTD] & 0x80) : 0;
    if (relay != relay_was) tell("relay", "%c", relay);
    if (face != face_was) tell("face", "%d %d %d", face >> 3 & 1, face >> 4 & 1, face >> 7 & 1);
    relay_was = relay;
    face_was = face;
}

static void set_power(bool is_on)
{
    if (is_on == has_power) return;
    has_power = is_on;
    sent_length = 0;
    tell("power", "%d", is_on);
    if (is_on) {
        reset_cause = "power";
        avr_reset(avr);
    }
}

static void set_cell(unsigned at, uint8_t value)
{
    avr_eeprom_desc_t cell = {&value, (uint16_t)at, 1};
    avr_ioctl(avr, AVR_IOCTL_EEPROM_SET, &cell);
}

/* Power goes while the cell is being written: it may then hold anything. */
static void watch_cells(void)
{
    static uint8_t eecr_was;
    uint8_t eecr = avr->data[AT_EECR];
    /* The permission to write is given just before each write, and is seen; the write itself is not. */
    bool is_write = (eecr & EEMPE) && !(eecr_was & EEMPE);
    eecr_was = eecr;
    if (!is_write || !is_cut_armed) return;
    if (writes_left > 0) {
        writes_left -= 1;
        return;
    }
    is_cut_armed = false;
    unsigned at = avr->data[AT_EEARL] | avr->data[AT_EEARH] << 8;
    set_cell(at % CELLS, (uint8_t)(avr->data[AT_EEDR] ^ 0x5A));
    set_power(false);
}

/* Puts a jump to itself where the program is, outside any interrupt. */
static void stick_program(void)
{
    if (!is_stick_armed || avr->state != cpu_Running || !avr->sreg[S_I]) return;
    is_stick_armed = false;
    if (is_stick_silent) avr->sreg[S_I] = 0;
    stuck_at = avr->pc;
    memcpy(stuck_bytes, avr->flash + stuck_at, 2);
    avr->flash[stuck_at] = 0xFF;
    avr->flash[stuck_at + 1] = 0xCF;
    is_stuck = true;
}

static void free_program(void)
{
    if (is_stuck) memcpy(avr->flash + stuck_at, stuck_bytes, 2);
    is_stuck = false;
}

static void obey(const char *command)
{
    char port;
    char bits[128];
    unsigned a;
    unsigned b;
    unsigned c;
    if (sscanf(command, "pin %c %u %u", &port, &a, &b) == 3 && port >= 'B' && port <= 'D') drive_pin(port, a & 7, b);
    else if (sscanf(command, "wiegand %u %127s %u %u", &a, bits, &b, &c) == 4) send_wiegand(a & 1, bits, b, c);
    else if (strcmp(command, "reset") == 0) reset_cause = "pin", avr_reset(avr);
    else if (sscanf(command, "power %u", &a) == 1) set_power(a == 1);
    else if (sscanf(command, "cut %u", &a) == 1) writes_left = a, is_cut_armed = true;
    else if (sscanf(command, "poke %u %u", &a, &b) == 2 && a <= avr->ramend) avr->data[a] = (uint8_t)b;
    else if (sscanf(command, "stick %u", &a) == 1) is_stick_armed = true, is_stick_silent = a == 1;
    else fprintf(stderr, "unknown command: %s\n", command);
}

static void on_sent(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)param;
    uint8_t byte = (uint8_t)value;
    /* Where no host reads, bytes are lost as on a real wire. */
    if (write(pty_fd, &byte, 1) != 1 && errno != EAGAIN) fprintf(stderr, "pty: %s\n", strerror(errno));
    if (byte == '\n') {
        tell("tx", "%.*s", (int)sent_length, sent_line);
        sent_length = 0;
    } else if (sent_length < sizeof sent_line) {
        sent_line[sent_length++] = (char)byte;
    }
}

/* simavr takes somewhat longer for a byte than the line does, and what its queue has no room for is lost. */
static void on_room(struct avr_irq_t *irq, uint32_t value, void *param)
{
    (void)irq;
    (void)value;
    is_uart_full = param != NULL;
}

static void on_reset(avr_t *chip)
{
    uint32_t flags = 0;
    /* Neither sleeping in the UART's polling nor a copy of its bytes on the terminal. */
    avr_ioctl(chip, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
    was_reset = true;
}

static void sleep_without_waiting(avr_t *chip, avr_cycle_count_t cycles)
{
    (void)chip;
    (void)cycles;
}

static void open_terminal(void)
{
    int slave;
    char path[128];
    struct termios raw;
    if (openpty(&pty_fd, &slave, path, NULL, NULL) != 0) exit(2);
    /* The slave stays open here: otherwise the first host to leave would end the terminal. */
    tcgetattr(slave, &raw);
    cfmakeraw(&raw);
    tcsetattr(slave, TCSANOW, &raw);
    fcntl(pty_fd, F_SETFL, O_NONBLOCK);
    printf("pty %s\n", path);
}

static void take_host_bytes(void)
{
    uint8_t bytes[512];
    ssize_t count = read(pty_fd, bytes, sizeof bytes);
    if (count <= 0 || !has_power) return;
    if (host_length + (size_t)count > sizeof host_bytes) return;
    memcpy(host_bytes + host_length, bytes, (size_t)count);
    if (host_length == 0) avr_cycle_timer_register(avr, BYTE_CYCLES, on_byte_due, NULL);
    host_length += (unsigned)count;
}

static void take_commands(void)
{
    static char text[4096];
    static size_t length;
    ssize_t count = read(STDIN_FILENO, text + length, sizeof text - length - 1);
    if (count <= 0) exit(0);
    length += (size_t)count;
    text[length] = '\0';
    char *line = text;
    for (char *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        obey(line);
    }
    length -= (size_t)(line - text);
    memmove(text, line, length);
}

static int64_t wall_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000ll + time.tv_nsec;
}

/* Waits until real time has caught up, and serves the terminal and the commands. */
static void keep_pace(void)
{
    static int64_t origin_ns;
    static uint64_t seen_cycles;
    uint64_t cycles = now_cycles();
    if (has_power && cycles - seen_cycles < SLICE_CYCLES) return;
    seen_cycles = cycles;
    fflush(stdout);
    int64_t simulated_ns = (int64_t)(cycles * 1000 / (HERTZ / 1000000));
    int64_t ahead_ns = simulated_ns - (wall_ns() - origin_ns);
    /* A starved process would else run the lost time in one burst, while its host is not faster for it. */
    if (ahead_ns < -BEHIND_NS || ahead_ns > BEHIND_NS) origin_ns = wall_ns() - simulated_ns, ahead_ns = 0;
    struct pollfd sources[] = {{STDIN_FILENO, POLLIN, 0}, {pty_fd, POLLIN, 0}};
    int64_t wait_ns = has_power ? (ahead_ns > AHEAD_NS ? ahead_ns - AHEAD_NS : 0) : 1000000ll;
    struct timespec wait = {0, (long)wait_ns};
    if (ppoll(sources, 2, &wait, NULL) <= 0) return;
    if (sources[1].revents & POLLIN) take_host_bytes();
    if (sources[0].revents & (POLLIN | POLLHUP)) take_commands();
}

static void note_reset(void)
{
    was_reset = false;
    if (avr->cycle < last_cycle) base_cycles += last_cycle;
    last_cycle = avr->cycle;
    sent_length = 0;
    host_length = 0;
    is_uart_full = false;
    free_program();
    tell("reset", "%s", reset_cause);
    reset_cause = "watchdog";
    drive_all_pins();
    arm_timers();
}

int main(int count, char **arguments)
{
    if (count != 2) return 2;
    avr_global_logger_set(NULL);
    if (elf_read_firmware(arguments[1], &image) != 0) return 2;
    avr = avr_make_mcu_by_name("atmega328p");
    if (avr == NULL) return 2;
    avr_init(avr);
    image.frequency = HERTZ;
    avr_load_firmware(avr, &image);
    avr->log = LOG_NONE;
    avr->sleep = sleep_without_waiting;
    avr->reset = on_reset;
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUTPUT), on_sent, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XON), on_room, NULL);
    avr_irq_register_notify(avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), UART_IRQ_OUT_XOFF), on_room, avr);
    open_terminal();
    reset_cause = "power";
    avr_reset(avr);
    for (;;) {
        if (was_reset) note_reset();
        tell_pins();
        keep_pace();
        if (!has_power || was_reset) continue;
        /* One instruction a turn, so that no state of a pin goes unseen. */
        avr->run_cycle_limit = 1;
        stick_program();
        int state = avr_run(avr);
        if (was_reset) continue;
        last_cycle = avr->cycle;
        watch_cells();
        if (state == cpu_Done || state == cpu_Crashed) {
            fprintf(stderr, "the chip stopped\n");
            return 1;
        }
    }
}
