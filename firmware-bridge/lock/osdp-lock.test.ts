import { describe, expect, it } from 'vitest';
import { asMonoMs } from '#contract/clock';
import { createFakeClock } from '../../test/suites/firmware-world.ts';
import type { HardwareEvent } from '../hardware.ts';
import { noCapabilities } from '../protocol/osdp/capabilities.ts';
import type { RequestOutcome } from '../protocol/osdp/link-event.ts';
import type { RequestableCommand } from '../protocol/osdp/link-state.ts';
import type { OutputListener } from '../readers/osdp-device.ts';
import { createOsdpLock } from './osdp-lock.ts';

const done: RequestOutcome = { kind: 'acknowledged', reply: { type: 'ACK' } };

/** A reader whose only output is a wire that a test may bend. */
function createWire() {
  const clock = createFakeClock();
  const events: HardwareEvent[] = [];
  const asked: string[] = [];
  let listener: OutputListener | undefined;
  let isOn = false;
  const wire = {
    clock,
    asked,
    isStuck: false,
    answer: done,
    set: (isNowOn: boolean) => {
      isOn = isNowOn;
      listener?.sensed(0, isNowOn);
    },
    locks: () => events.flatMap((event) => (event.type === 'lock' ? [event.state] : [])),
    lock: createOsdpLock(
      0,
      {
        ask: (command: RequestableCommand): Promise<RequestOutcome> => {
          if (command.type === 'OSTAT') {
            const outputs = Uint8Array.of(isOn ? 1 : 0);
            return Promise.resolve({ kind: 'acknowledged', reply: { type: 'OSTATR', outputs } });
          }
          const [control] = command.type === 'OUT' ? command.outputs : [];
          asked.push(control?.control ?? command.type);
          if (!wire.isStuck && wire.answer === done) wire.set(control?.control === 'pulse-on');
          return Promise.resolve(wire.answer);
        },
        attachOutput: (attached) => {
          listener = attached;
        },
        countUntimed: () => undefined,
        signal: () => undefined,
        close: () => Promise.resolve(),
      },
      { clock, emit: (event) => events.push(event) },
    ),
    pulse: (id: string) =>
      wire.lock.pulse({ id, durationMs: 500, notAfterMs: asMonoMs(clock.monoMs() + 2000) }),
  };
  listener?.online({ ...noCapabilities, outputs: 1, hasTimedOutputs: true });
  return wire;
}

describe('createOsdpLock', () => {
  it('FB129: an output on that nobody ordered is a fault and is switched off', async () => {
    const wire = createWire();
    await wire.clock.advance(100);
    expect([wire.locks(), wire.asked]).toEqual([['secured'], ['off']]);
    wire.set(true);
    await wire.clock.advance(1000);
    expect([wire.locks(), wire.asked]).toEqual([
      ['secured', 'released', 'fault', 'secured'],
      ['off', 'off'],
    ]);
  });

  it('FB129: an output that stays on is told once and never called secured', async () => {
    const wire = createWire();
    await wire.clock.advance(100);
    wire.isStuck = true;
    wire.set(true);
    await wire.clock.advance(10_000);
    expect(wire.locks()).toEqual(['secured', 'released', 'fault']);
    expect(await wire.lock.secure()).toEqual({ kind: 'unconfirmed' });
  });

  it('FB126: a reader that says yes while its output stays off acknowledges nothing', async () => {
    const wire = createWire();
    await wire.clock.advance(100);
    wire.isStuck = true;
    expect(await wire.pulse('p1')).toEqual({ kind: 'unconfirmed' });
  });

  it('FB126: each answer to a pulse has one outcome', async () => {
    const empty = { type: 'ACK' } as const;
    const cases: readonly (readonly [RequestOutcome, unknown])[] = [
      [{ kind: 'acknowledged', reply: empty }, { kind: 'unconfirmed' }],
      [{ kind: 'unconfirmed' }, { kind: 'unconfirmed' }],
      [
        { kind: 'declined', reason: 9, isVerified: true },
        { kind: 'refused', reason: 'rejected' },
      ],
      [{ kind: 'declined', reason: 9, isVerified: false }, { kind: 'unconfirmed' }],
      [{ kind: 'declined', reason: 'wrong-reply', isVerified: true }, { kind: 'unconfirmed' }],
      [
        { kind: 'refused', reason: 'untimed-output' },
        { kind: 'refused', reason: 'rejected' },
      ],
      [{ kind: 'expired' }, { kind: 'refused', reason: 'expired' }],
      [{ kind: 'offline' }, { kind: 'refused', reason: 'offline' }],
      [{ kind: 'queue-full' }, { kind: 'refused', reason: 'rejected' }],
    ];
    for (const [answer, outcome] of cases) {
      const wire = createWire();
      await wire.clock.advance(100);
      wire.answer = answer;
      expect(await wire.pulse('p1'), `${JSON.stringify(answer)}`).toEqual(outcome);
      expect(wire.locks()).toEqual(['secured']);
    }
  });

  it('FB127: an order to lock drops a pulse that waits, and one that runs is let go of', async () => {
    const wire = createWire();
    await wire.clock.advance(100);
    const [running, waiting, locking] = [wire.pulse('p1'), wire.pulse('p2'), wire.lock.secure()];
    expect(await waiting).toEqual({ kind: 'refused', reason: 'rejected' });
    expect(await locking).toEqual({ kind: 'secured' });
    expect((await running).kind).not.toBe('acknowledged');
    expect(wire.asked.at(-1)).toBe('off');
  });
});
