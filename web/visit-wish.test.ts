import { describe, expect, it } from 'vitest';
import { EMPTY_WORK, isWorkComplete, needsOf, NEW_ITEM, wishOfWork, type WorkDraft } from './visit-wish.ts';

const PLAIN = { needsEscort: false, needsChangeNumber: false, needsTwoPersons: false };
const work: WorkDraft = { ...EMPTY_WORK, description: ' Mengganti modul. ' };
const vendor = { kind: 'new', name: 'Rudi Contoh', organisation: 'PT Contoh', sort: 'vendor' } as const;

describe('the wish of a visit', () => {
  it('W69: what is asked for follows from the purpose and from who enters', () => {
    expect(needsOf(PLAIN, work.visitor)).toEqual({
      escort: false,
      changeNumber: false,
      workOrder: false,
      secondPerson: false,
    });
    expect(needsOf({ ...PLAIN, needsEscort: true }, work.visitor).escort).toBe(true);
    expect(needsOf({ ...PLAIN, needsChangeNumber: true }, work.visitor).changeNumber).toBe(true);
    expect(needsOf({ ...PLAIN, needsTwoPersons: true }, work.visitor).secondPerson).toBe(true);
    expect(needsOf(PLAIN, vendor)).toMatchObject({ escort: true, workOrder: true });
    expect(needsOf(PLAIN, { ...vendor, sort: 'guest' })).toMatchObject({ escort: true, workOrder: false });
  });

  it('W69: nothing that is needed may be left out, and nothing else has to be filled in', () => {
    const complete: WorkDraft = {
      ...work,
      visitor: vendor,
      escortId: 'p1',
      changeNumber: 'CHG-1',
      workOrder: 'SPK/1',
      equipment: [{ ...NEW_ITEM, kind: 'laptop', brand: 'Contoh', serial: 'LP-77' }],
    };
    const needs = needsOf({ needsEscort: true, needsChangeNumber: true, needsTwoPersons: true }, vendor);
    expect(isWorkComplete(work, needsOf(PLAIN, work.visitor))).toBe(true);
    expect(isWorkComplete(EMPTY_WORK, needsOf(PLAIN, work.visitor))).toBe(false);
    expect(isWorkComplete(complete, needs)).toBe(true);
    for (const key of ['description', 'escortId', 'changeNumber', 'workOrder'] as const)
      expect(isWorkComplete({ ...complete, [key]: ' ' }, needs)).toBe(false);
    expect(isWorkComplete({ ...complete, visitor: { ...vendor, organisation: '' } }, needs)).toBe(false);
    expect(isWorkComplete({ ...complete, equipment: [NEW_ITEM] }, needs)).toBe(false);
  });

  it('W69: an answer to a question that is no longer asked is not sent', () => {
    const full: WorkDraft = { ...work, escortId: 'p1', changeNumber: 'CHG-1' };
    expect(wishOfWork(full, needsOf(PLAIN, full.visitor))).toEqual({
      description: 'Mengganti modul.',
      equipment: [],
    });
    const escorted = needsOf({ ...PLAIN, needsEscort: true }, full.visitor);
    expect(wishOfWork(full, escorted)).toMatchObject({ escortIds: ['p1'] });
    expect(wishOfWork({ ...full, visitor: vendor, workOrder: 'SPK/1' }, needsOf(PLAIN, vendor))).toEqual({
      description: 'Mengganti modul.',
      visitor: { name: 'Rudi Contoh', organisation: 'PT Contoh', kind: 'vendor' },
      escortIds: ['p1'],
      workOrder: 'SPK/1',
      equipment: [],
    });
  });
});
