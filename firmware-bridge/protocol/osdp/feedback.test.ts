import { expect, it } from 'vitest';
import { capabilitiesOf, noCapabilities } from './capabilities.ts';
import { encodeCommand, parseCommand } from './commands.ts';
import { FEEDBACK, feedbackCommands, type FeedbackSignal } from './feedback.ts';
import { toHex } from './hex.ts';
import { usualPeripheral } from './peripheral/peripheral-state.ts';

const all = capabilitiesOf(usualPeripheral.capabilities);
const signals = Object.keys(FEEDBACK) as FeedbackSignal[];
const bytesOf = (signal: FeedbackSignal): string[] =>
  feedbackCommands(signal, all).map((command) => toHex(encodeCommand(command).data));

it('OS64: granted is green for 3 s with one tone, denied blinks red with three, and says so', () => {
  expect(bytesOf('granted')).toEqual([
    '000002010002001e000000000000',
    '0002020101',
    '0003030101 10'.replaceAll(' ', '') + toHex(new TextEncoder().encode('Silakan masuk   ')),
  ]);
  expect(bytesOf('denied')).toEqual([
    '000002020201001e000000000000',
    '0002020103',
    '000303010110' + toHex(new TextEncoder().encode('Akses ditolak   ')),
  ]);
});

it('OS64: alarm and idle last until the next signal and end whatever ran before', () => {
  expect(bytesOf('alarm').slice(0, 2)).toEqual(['0000010000000000000101010100', '0002050500']);
  expect(bytesOf('idle').slice(0, 2)).toEqual(['0000010000000000000101000100', '0001000000']);
});

it.each(signals)('OS64: %s can be carried by a frame, and no two signals look alike', (signal) => {
  for (const command of feedbackCommands(signal, all)) {
    const { code, data } = encodeCommand(command);
    expect(parseCommand(code, data)).toEqual({ ok: true, value: command });
  }
  expect(FEEDBACK[signal].text.length).toBeLessThanOrEqual(16);
  expect(signals.filter((other) => bytesOf(other)[0] === bytesOf(signal)[0])).toEqual([signal]);
});

it('OS64: a reader is asked only for what it has', () => {
  expect(feedbackCommands('granted', noCapabilities)).toEqual([]);
  expect(feedbackCommands('denied', { ...noCapabilities, leds: 1 }, 1)).toMatchObject([
    { type: 'LED', leds: [{ reader: 1 }] },
  ]);
  expect(feedbackCommands('denied', { ...noCapabilities, hasBuzzer: true })).toMatchObject([{ type: 'BUZ' }]);
  expect(feedbackCommands('wait', { ...noCapabilities, textDisplays: 1 })).toMatchObject([{ type: 'TEXT' }]);
});
