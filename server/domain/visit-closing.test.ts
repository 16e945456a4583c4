import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkClosing,
  satisfactionIndex,
  SURVEY_ELEMENTS,
  type ClosingFacts,
  type Survey,
} from './visit-closing.ts';
import { PURPOSES } from './purposes.ts';

const firmware = PURPOSES.find(({ code }) => code === 'NET-FW')!;
const complete: ClosingFacts = {
  purpose: firmware,
  equipment: [{ id: 'eq_1', movement: 'in', isStorage: false, outcome: 'taken-out' }],
  hasBadge: true,
  isBadgeReturned: true,
  checked: firmware.checklist.map(({ key }) => key),
  report: { firmwareBefore: '1.2', firmwareAfter: '1.3', backupTaken: true, rollbackPlan: 'Citra lama' },
};
const missing = (changes: Partial<ClosingFacts>) => {
  const closing = checkClosing({ ...complete, ...changes });
  return closing.ok ? [] : closing.error.map(({ fault, key }) => `${fault} ${key}`);
};

describe('closing of a visit', () => {
  it('SD40: each piece of equipment and the badge hold the visit open, and all that is missing is told', () => {
    expect(missing({})).toEqual([]);
    const [item] = complete.equipment;
    expect(missing({ equipment: [{ ...item!, outcome: null }], isBadgeReturned: false })).toEqual([
      'equipment-open eq_1',
      'badge-open badge',
    ]);
    expect(missing({ hasBadge: false, isBadgeReturned: false })).toEqual([]);
  });

  it('SD41: no item of the checklist and no field of the report can be left out, or be of another kind', () => {
    for (const purpose of PURPOSES) {
      const none = missing({ purpose, checked: [], report: {} });
      expect(none).toHaveLength(purpose.checklist.length + purpose.closing.length);
    }
    const { report } = complete;
    expect(missing({ report: { ...report, firmwareAfter: '  ' } })).toEqual([
      'report-incomplete firmwareAfter',
    ]);
    expect(missing({ report: { ...report, backupTaken: 'ya' } })).toEqual(['report-incomplete backupTaken']);
    const drill = { checklist: [], closing: PURPOSES.find(({ code }) => code === 'NET-BKP')!.closing };
    const restored = { backupSet: 'Senin', restoreMinutes: 42, restoreResult: 'failed', witnessName: 'Ani' };
    expect(missing({ purpose: drill, report: restored })).toEqual([]);
    expect(
      missing({ purpose: drill, report: { ...restored, restoreMinutes: -1, restoreResult: 'ya' } }),
    ).toEqual(['report-incomplete restoreMinutes', 'report-incomplete restoreResult']);
  });
});

describe('satisfaction', () => {
  const all = (score: number): Survey =>
    Object.fromEntries(SURVEY_ELEMENTS.map((element) => [element, score])) as Survey;

  it.each([
    [4, 100, 'A'],
    [3, 75, 'C'],
    [1, 25, 'D'],
  ])('SD42: nine times %s is %s', (score, index, grade) => {
    expect(satisfactionIndex([all(score)])).toEqual({ index, grade, answers: 1 });
  });

  it('SD42: nobody asked is no index, and every index lies between 25 and 100', () => {
    expect(satisfactionIndex([])).toBeNull();
    const survey = fc.tuple(...SURVEY_ELEMENTS.map(() => fc.integer({ min: 1, max: 4 })));
    fc.assert(
      fc.property(fc.array(survey, { minLength: 1, maxLength: 20 }), (answers) => {
        const surveys = answers.map(
          (scores) =>
            Object.fromEntries(SURVEY_ELEMENTS.map((element, at) => [element, scores[at]])) as Survey,
        );
        const result = satisfactionIndex(surveys);
        expect(result?.index).toBeGreaterThanOrEqual(25);
        expect(result?.index).toBeLessThanOrEqual(100);
        expect(result?.answers).toBe(surveys.length);
      }),
      { seed: 20260312 },
    );
  });
});
