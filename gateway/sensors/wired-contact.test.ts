import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import type { HardwareEvent } from '../../firmware-bridge/bridge.ts';
import { createWiredContact } from './wired-contact.ts';

const atMs = asMonoMs(0);
const level = (isActive: boolean, more: object = {}): HardwareEvent => ({
  type: 'input',
  reader: 'entry',
  input: 1,
  isActive,
  isInitial: false,
  atMs,
  ...more,
});
const link = (state: 'online' | 'offline', reader = 'entry'): HardwareEvent => ({
  type: 'reader',
  reader,
  state,
  reason: 'silent',
  atMs,
});

describe('createWiredContact', () => {
  it('GS20: a level is closed or open as the wiring says, the first one a state', () => {
    for (const closedWhen of ['active', 'inactive'] as const) {
      const contact = createWiredContact({ reader: 'entry', input: 1, closedWhen });
      const isClosed = closedWhen === 'active';
      expect(contact.take(level(isClosed))).toEqual({ contact: 'closed', isInitial: true });
      expect(contact.take(level(!isClosed))).toEqual({ contact: 'open', isInitial: false });
      expect(contact.take(level(isClosed, { isInitial: true }))).toEqual({
        contact: 'closed',
        isInitial: true,
      });
      expect(contact.take(level(isClosed, { input: 0 }))).toBeNull();
      expect(contact.take(level(isClosed, { reader: 'exit' }))).toBeNull();
    }
  });

  it('GS20: without its reader, or with cut wires, it is unknown, and then a level is found anew', () => {
    const contact = createWiredContact({ reader: 'entry', input: 1, closedWhen: 'inactive' });
    expect(contact.take(link('offline'))).toBeNull();
    contact.take(level(false));
    expect(contact.take(link('offline', 'exit'))).toBeNull();
    expect(contact.take(link('offline'))).toEqual({ contact: 'unknown', why: 'unavailable' });
    expect(contact.take(link('online'))).toBeNull();
    expect(contact.take(level(false))).toEqual({ contact: 'closed', isInitial: true });
    // Not active is closed here, but wires that are cut are not active either.
    expect(contact.take(level(false, { isFaulty: true }))).toEqual({ contact: 'unknown', why: 'unreadable' });
    expect(contact.take(level(false))).toEqual({ contact: 'closed', isInitial: true });
  });
});
