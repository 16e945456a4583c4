import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitLines, splitterStart } from '../protocol/line/line-splitter.ts';
import { createLineStream } from './line-stream.ts';

const seed = 23;

it('FB23: the stream of the transport gives the same lines as the splitter of the controller', async () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.constant(Uint8Array.of(0x0a)),
    fc.constant(Uint8Array.from(Buffer.from('>a3f017c2 2 T*CB7E\n'))),
    fc.constant('idle' as const),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      const streamed: string[] = [];
      const stream = createLineStream((line) => streamed.push(line));
      let held = splitterStart;
      const expected: string[] = [];
      for (const bytes of pieces) {
        const input = bytes === 'idle' ? ({ idle: true } as const) : { bytes };
        const split = splitLines(held, input);
        held = split.held;
        expected.push(...split.lines);
        if ('idle' in input) stream.takeIdle();
        else stream.takeBytes(input.bytes);
      }
      // The parser is a stream: what it has to say is said within this turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      expect(streamed).toEqual(expected);
    }),
    { seed, numRuns: 200 },
  );
});
