import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  controllerWakeMs,
  createController,
  stepController,
  type ControllerInput,
  type ControllerState,
} from './door-controller.ts';
import {
  hearLine,
  linkStart,
  linkWakeMs,
  stepLink,
  type LinkState,
  type LinkStep,
  type OrderOutcome,
} from './host-link.ts';

const maxPulseMs = 4000;

/** Whether a pulse may have happened, by what its giver was told. */
const truths = { done: [true], refused: [false], unconfirmed: [true, false] } as const;

/** What may happen to a line on its way. */
const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant('arrives' as const) },
  { weight: 2, arbitrary: fc.constantFrom('lost', 'twice', 'damaged', 'kept-for-later' as const) },
);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('pulse' as const),
      durationMs: fc.integer({ min: 50, max: 5000 }),
      inMs: fc.nat(1500),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('secure', 'reconnect', 'power-cut' as const),
      inMs: fc.nat(1500),
    }),
  },
);

it('FB37: on a line that loses, doubles, damages and delays, a pulse happens at most once, and an answer is true', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 12 }), fc.infiniteStream(fate), (actions, fates) => {
      let nowMs = 0;
      let link: LinkState = linkStart;
      let controller: ControllerState = createController({ maxPulseMs, inputCount: 2 });
      let releasedSinceMs: number | null = null;
      let longestMs = 0;
      let nonce = 0;
      let pulsesSeen = 0;
      const outcomes = new Map<number, OrderOutcome>();
      const timesSettled: number[] = [];
      const executed: string[] = [];
      const kept: (() => void)[] = [];

      const carry = (text: string, deliver: (text: string) => void): void => {
        const what = fates.next().value;
        if (what === 'arrives') deliver(text);
        if (what === 'damaged') deliver(`${text.slice(0, 12)}?${text.slice(13)}`);
        if (what === 'twice') for (let copy = 0; copy < 2; copy += 1) deliver(text);
        if (what === 'kept-for-later') kept.push(() => deliver(text));
        if (kept.length > 3) kept.shift()?.();
      };
      const toController = (input: ControllerInput): void => {
        const step = stepController(controller, input);
        controller = step.state;
        for (const effect of step.effects) {
          if (effect.type === 'pulsed') {
            pulsesSeen += 1;
            executed.push(controller.lastId);
          }
          if (effect.type === 'relay') {
            if (!effect.isReleased && releasedSinceMs !== null)
              longestMs = Math.max(longestMs, nowMs - releasedSinceMs);
            releasedSinceMs = effect.isReleased ? nowMs : null;
          }
          if (effect.type === 'send')
            carry(effect.line, (text) => onLink(hearLine(link, text.trimEnd(), nowMs)));
        }
      };
      const onLink = (step: LinkStep): void => {
        link = step.state;
        for (const effect of step.effects) {
          if (effect.type === 'settled') {
            timesSettled.push(effect.ref);
            outcomes.set(effect.ref, effect.outcome);
          }
          if (effect.type === 'send') {
            carry(effect.line, (text) =>
              toController({ type: 'bytes', nowMs, bytes: Uint8Array.from(Buffer.from(text, 'latin1')) }),
            );
          }
        }
      };
      const open = (): void => {
        nonce += 1;
        onLink(stepLink(link, { type: 'opened', nowMs, nonce: nonce.toString(16).padStart(4, '0') }));
      };
      const runUntil = (untilMs: number): void => {
        for (;;) {
          const next = Math.min(linkWakeMs(link) ?? Infinity, controllerWakeMs(controller) ?? Infinity);
          if (next > untilMs) break;
          nowMs = Math.max(nowMs, next);
          onLink(stepLink(link, { type: 'elapsed', nowMs }));
          toController({ type: 'elapsed', nowMs });
        }
        nowMs = untilMs;
      };

      toController({ type: 'powered', nowMs, entropy: 1 });
      open();
      const durations = new Map<number, number>();
      for (const [ref, wanted] of actions.entries()) {
        runUntil(nowMs + wanted.inMs);
        if (wanted.do === 'pulse') {
          durations.set(ref, wanted.durationMs);
          const { durationMs } = wanted;
          onLink(
            stepLink(link, {
              type: 'ordered',
              nowMs,
              order: {
                kind: 'pulse',
                ref,
                output: 0,
                durationMs,
                id: `p${ref}`,
                mark: null,
                notAfterMs: nowMs + 1000,
              },
            }),
          );
        }
        if (wanted.do === 'secure')
          onLink(stepLink(link, { type: 'ordered', nowMs, order: { kind: 'secure', ref } }));
        if (wanted.do === 'reconnect') {
          onLink(stepLink(link, { type: 'closed', nowMs }));
          open();
        }
        if (wanted.do === 'power-cut') {
          toController({ type: 'unpowered', nowMs });
          toController({ type: 'powered', nowMs, entropy: 5 });
        }
      }
      runUntil(nowMs + 30_000);

      expect(new Set(executed).size).toBe(executed.length);
      expect(pulsesSeen).toBe(executed.length);
      for (const [ref, durationMs] of durations) {
        const outcome = outcomes.get(ref);
        const wasExecuted = executed.includes(`p${ref}`);
        const isAllowed = durationMs <= maxPulseMs && durationMs >= 100;
        expect(timesSettled.filter((settledRef) => settledRef === ref)).toEqual([ref]);
        // What was done happened, what was refused did not; unconfirmed may be either.
        expect(truths[outcome?.kind ?? 'unconfirmed']).toContain(wasExecuted);
        expect(isAllowed || !wasExecuted).toBe(true);
      }
      // However pulses follow each other, none holds the relay longer than its own length after it was taken.
      expect(releasedSinceMs).toBeNull();
      expect(longestMs).toBeLessThanOrEqual(
        Math.max(0, ...durations.values()) * Math.max(1, executed.length),
      );
    }),
    { seed: 37, numRuns: 500 },
  );
});
