import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { verifyBundle } from '#contract/bundle';
import { asEpochMs } from '#contract/clock';
import { makeBundle, makeEvidence, START_MS } from '../../test/contract/evidence-fixture.ts';
import { ports, sha256 } from '../../test/contract/test-keys.ts';
import { buildBundle, zipBundle, type EvidenceSource } from './export.ts';

const createdAt = asEpochMs(START_MS);
const request = { sha256, period: null, tool: 'palang test', createdAt };

async function* slowly<T>(rows: Iterable<T>): AsyncGenerator<T> {
  for (const row of rows) yield await Promise.resolve(row);
}

async function piecesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array[]> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return pieces;
}

describe('building a bundle', () => {
  it('C28: is the same whether rows come at once, one by one, or out of order', async () => {
    const source = makeEvidence();
    const streamed: EvidenceSource = {
      ...source,
      journals: async () => (await source.journals()).toReversed(),
      siteLog: () => {
        const { records, checkpoints } = source.siteLog();
        return { records: slowly(records as Uint8Array[]), checkpoints: slowly(checkpoints as string[]) };
      },
      openings: (id) => slowly([...(source.openings(id) as never[])].reverse()),
    };
    expect(await buildBundle(streamed, request)).toEqual(await buildBundle(source, request));
  });

  it('C28: a bundle without a single opening in its period verifies', async () => {
    const period = { from: '2000-01-01T00:00:00.000Z', until: '2000-01-02T00:00:00.000Z' };
    const files = await buildBundle(makeEvidence(), { ...request, period });
    expect(files.get('openings.jsonl')).toEqual(new Uint8Array());
    expect(await verifyBundle(files, ports)).toMatchObject({ ok: true, value: { counts: { openings: 0 } } });
  });
});

describe('streaming a bundle as a zip', () => {
  it('C28: any unzip gives the files back', async () => {
    const files = await makeBundle();
    const pieces = await piecesOf(zipBundle(files, createdAt));
    const back = unzipSync(new Uint8Array(Buffer.concat(pieces)));
    expect(new Map(Object.entries(back))).toEqual(files);
    expect(Object.keys(back)[0]).toBe('bundle.json');
  });

  it('C28: large and empty files go through in pieces', async () => {
    const large = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2_654_435_761) >>> 24);
    const files = new Map([
      ['empty', new Uint8Array()],
      ['large', large],
    ]);
    const pieces = await piecesOf(zipBundle(files, createdAt));
    expect(pieces.length).toBeGreaterThan(4);
    const back = unzipSync(new Uint8Array(Buffer.concat(pieces)));
    expect(Object.keys(back)).toEqual(['empty', 'large']);
    expect(back['empty']).toHaveLength(0);
    expect(Buffer.compare(back['large'] ?? new Uint8Array(), large)).toBe(0);
  });

  it('C28: nothing is packed before it is asked for', async () => {
    let reads = 0;
    const files = new Map([['a', new Uint8Array(10)]]);
    const watched = { [Symbol.iterator]: () => ((reads += 1), files[Symbol.iterator]()) };
    const reader = zipBundle(watched as unknown as typeof files, createdAt).getReader();
    await reader.read();
    expect(reads).toBe(1);
    await reader.cancel();
  });
});
