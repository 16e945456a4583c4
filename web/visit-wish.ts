import type { EquipmentInput, PurposeDetail, VisitWishInput } from '#contract/api-visit';

/** Who enters, as the form holds it. */
export type VisitorDraft =
  | { readonly kind: 'self' }
  /** Somebody of an earlier request. */
  | { readonly kind: 'known'; readonly id: string; readonly name: string }
  | {
      readonly kind: 'new';
      readonly name: string;
      readonly organisation: string;
      readonly sort: 'vendor' | 'guest';
    };

export type EquipmentDraft = Required<EquipmentInput>;

/** What a request says beside purpose, time and place. */
export interface WorkDraft {
  readonly description: string;
  readonly changeNumber: string;
  readonly workOrder: string;
  readonly escortId: string;
  readonly visitor: VisitorDraft;
  readonly equipment: readonly EquipmentDraft[];
}

export const EMPTY_WORK: WorkDraft = {
  description: '',
  changeNumber: '',
  workOrder: '',
  escortId: '',
  visitor: { kind: 'self' },
  equipment: [],
};

export const NEW_ITEM: EquipmentDraft = { kind: '', brand: '', serial: '', movement: 'in', isStorage: false };

/** What a purpose and who enters ask for. */
export interface WorkNeeds {
  readonly escort: boolean;
  readonly changeNumber: boolean;
  readonly workOrder: boolean;
  readonly secondPerson: boolean;
}

/** Tells which questions follow from the purpose and from who enters. @see rule W69 */
export const needsOf = (
  purpose: Pick<PurposeDetail, 'needsEscort' | 'needsChangeNumber' | 'needsTwoPersons'>,
  visitor: VisitorDraft,
): WorkNeeds => ({
  escort: purpose.needsEscort || visitor.kind !== 'self',
  changeNumber: purpose.needsChangeNumber,
  workOrder: visitor.kind === 'new' && visitor.sort === 'vendor',
  secondPerson: purpose.needsTwoPersons,
});

const isFilled = (...texts: readonly string[]): boolean => texts.every((text) => text.trim() !== '');

/** Tells whether everything that is needed is there; the server judges again. */
export const isWorkComplete = (work: WorkDraft, needs: WorkNeeds): boolean =>
  isFilled(work.description) &&
  (!needs.changeNumber || isFilled(work.changeNumber)) &&
  (!needs.workOrder || isFilled(work.workOrder)) &&
  (!needs.escort || isFilled(work.escortId)) &&
  (work.visitor.kind !== 'new' || isFilled(work.visitor.name, work.visitor.organisation)) &&
  work.equipment.every(({ kind, brand, serial }) => isFilled(kind, brand, serial));

function subjectOf(visitor: VisitorDraft): Pick<VisitWishInput, 'visitor' | 'visitorId'> {
  switch (visitor.kind) {
    case 'self':
      return {};
    case 'known':
      return { visitorId: visitor.id };
    case 'new': {
      const { name, organisation, sort } = visitor;
      return { visitor: { name: name.trim(), organisation: organisation.trim(), kind: sort } };
    }
  }
}

/** What is sent of the work: answers to questions that are no longer asked stay behind. @see rule W69 */
export const wishOfWork = (work: WorkDraft, needs: WorkNeeds) => ({
  description: work.description.trim(),
  ...subjectOf(work.visitor),
  ...(needs.escort ? { escortIds: [work.escortId] } : {}),
  ...(needs.changeNumber ? { changeNumber: work.changeNumber.trim() } : {}),
  ...(isFilled(work.workOrder) ? { workOrder: work.workOrder.trim() } : {}),
  equipment: work.equipment.map((item) => ({
    ...item,
    kind: item.kind.trim(),
    brand: item.brand.trim(),
    serial: item.serial.trim(),
  })),
});
