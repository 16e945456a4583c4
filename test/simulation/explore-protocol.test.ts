import { describe, expect, it } from 'vitest';
import { NO_PREVIOUS_HASH } from '#contract/record';
import { exploreProtocol, type Budget } from './explore-protocol.ts';
import { PLANTED, type PlantedFault } from './planted-faults.ts';
import { append, boot, EMPTY_DISK } from './protocol-journal.ts';
import { judgeAsProduct, NEW_SERVER, takeBatch } from './protocol-server.ts';
import { PRODUCT } from './protocol-world.ts';

const ONE_OF_EACH: Budget = {
  events: 1,
  crashes: 1,
  amnesia: 1,
  restores: 1,
  duplicates: 1,
  reorders: 1,
  losses: 1,
};

describe('every state of the upload', () => {
  const budgets: readonly (readonly [string, Budget, hasMedium: boolean])[] = [
    ['two records and one fault of each kind', { ...ONE_OF_EACH, events: 2 }, false],
    [
      'three records, two crashes and a server put back',
      { ...ONE_OF_EACH, events: 3, crashes: 2, duplicates: 0, reorders: 0, losses: 0 },
      false,
    ],
    [
      'three records and a line that doubles and delays',
      { ...ONE_OF_EACH, events: 3, crashes: 0, amnesia: 0, restores: 0, reorders: 2 },
      false,
    ],
  ];
  for (const [name, budget, hasMedium] of budgets) {
    it(`SM1: ${name}`, { timeout: 120_000 }, () => {
      const explored = exploreProtocol(PRODUCT, budget, { hasMedium });
      console.log(`${name}: ${explored.states} states, ${explored.moves} moves`);
      expect(explored.violations).toEqual([]);
      expect(explored.isComplete).toBe(true);
      expect(explored.states).toBeGreaterThan(500);
    });
  }

  it('SM6: with a mark on another device nothing is signed twice differently', { timeout: 120_000 }, () => {
    const explored = exploreProtocol(
      PRODUCT,
      { ...ONE_OF_EACH, restores: 0, events: 2 },
      { hasMedium: true },
    );
    console.log(`with a mark: ${explored.states} states, ${explored.moves} moves`);
    expect(explored.violations).toEqual([]);
    expect(explored.isComplete).toBe(true);
  });

  const find = (fault: PlantedFault) =>
    exploreProtocol(PLANTED[fault], { ...ONE_OF_EACH, events: 2 }).violations[0]?.id;

  it('M1: taking batches behind a gap breaks the numbers', () => {
    expect(find('accept-gaps')).toBe('I3');
  });
  it('M2: overwriting loses evidence', () => {
    expect(find('overwrite')).toBe('I2');
  });
  it('M4: appending what is there doubles it', () => {
    expect(find('append-doubles')).toBe('I3');
  });
  it('M5: counting by number acknowledges what is not its own', () => {
    expect(find('numeric-ack')).toBe('I6');
  });
  it('M6: reclaiming nothing leaves records behind', () => {
    expect(find('no-reclaim')).toBe('I2');
  });
  it('M7: a batch that goes on from something else is refused for that, and else by its links', () => {
    const booted = boot(EMPTY_DISK, 1);
    const [first, second] = booted.records;
    if (first === undefined || second === undefined) throw new Error('a boot is two records');
    const batch = { id: 0, epoch: 1, gen: first.hash, signedBy: 0 };
    const begun = takeBatch(
      NEW_SERVER,
      { ...batch, from: 0, prev: NO_PREVIOUS_HASH, entries: [first.text] },
      judgeAsProduct,
    );
    expect(begun.answer).toMatchObject({ kind: 'acknowledged', size: 1 });
    // Its own links lead elsewhere too: a gateway that forgot, and went on differently.
    const other = append({ ...booted, records: [{ ...first, hash: second.hash }] }, [
      { ty: 'boot', x: { nonce: 'n2', version: '1', openIntents: [] } },
    ]).records[1];
    const forked = { ...batch, from: 1, prev: second.hash, entries: [other?.text ?? ''] };
    expect(takeBatch(begun.server, forked, judgeAsProduct).answer).toEqual({ kind: 'conflict' });
    const careless = takeBatch(begun.server, forked, PLANTED['no-prev-check'].judge);
    expect(careless.answer).toEqual({ kind: 'invalid' });
    expect(careless.server).toBe(begun.server);
    const honest = { ...forked, prev: first.hash, entries: [second.text] };
    expect(takeBatch(begun.server, honest, judgeAsProduct).answer.kind).toBe('acknowledged');
  });
});
