import { err, ok, type Result } from '#contract/result';
import type { PurposeRow } from './purposes.ts';

/** A value of a closing report. */
export type ClosingValue = string | number | boolean;

/** One piece of equipment as the room's officer sees it when the visit is closed. */
export interface EquipmentState {
  readonly id: string;
  /** How it came: carried in, or taken out of the room. */
  readonly movement: 'in' | 'out' | 'stays';
  readonly isStorage: boolean;
  /** What became of it; null while nobody has said. */
  readonly outcome: 'taken-out' | 'stays' | 'destroyed' | null;
}

/** Why a visit cannot be closed. */
export type ClosingFault = 'equipment-open' | 'badge-open' | 'checklist-open' | 'report-incomplete';

/** What a visit is closed with. */
export interface ClosingFacts {
  readonly purpose: Pick<PurposeRow, 'checklist' | 'closing'>;
  readonly equipment: readonly EquipmentState[];
  readonly hasBadge: boolean;
  readonly isBadgeReturned: boolean;
  /** Keys of the items that were looked at. */
  readonly checked: readonly string[];
  readonly report: Readonly<Record<string, ClosingValue>>;
}

function isOfKind(value: ClosingValue | undefined, kind: PurposeRow['closing'][number]['kind']): boolean {
  switch (kind) {
    case 'text':
      return typeof value === 'string' && value.trim().length > 0;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && value >= 0;
    case 'yes-no':
      return typeof value === 'boolean';
    case 'passed-failed':
      return value === 'passed' || value === 'failed';
  }
}

/**
 * Judges whether a visit may be closed: every piece of equipment accounted for, the badge back, the checklist
 * done, the report of its purpose complete.
 * @returns all that is missing, with the keys that are meant
 * @see rules SD40, SD41
 */
export function checkClosing(
  facts: ClosingFacts,
): Result<null, readonly { readonly fault: ClosingFault; readonly key: string }[]> {
  const { purpose, equipment, checked, report } = facts;
  const missing = [
    ...equipment
      .filter(({ outcome }) => outcome === null)
      .map(({ id }) => ({ fault: 'equipment-open' as const, key: id })),
    ...(facts.hasBadge && !facts.isBadgeReturned ? [{ fault: 'badge-open' as const, key: 'badge' }] : []),
    ...purpose.checklist
      .filter(({ key }) => !checked.includes(key))
      .map(({ key }) => ({ fault: 'checklist-open' as const, key })),
    ...purpose.closing
      .filter(({ key, kind }) => !isOfKind(report[key], kind))
      .map(({ key }) => ({ fault: 'report-incomplete' as const, key })),
  ];
  return missing.length === 0 ? ok(null) : err(missing);
}

/** The nine elements of the survey of public services, in the order of the regulation. */
export const SURVEY_ELEMENTS = [
  'requirements',
  'procedure',
  'time',
  'cost',
  'result',
  'competence',
  'conduct',
  'complaints',
  'facilities',
] as const;

/** One element of the survey. */
export type SurveyElement = (typeof SURVEY_ELEMENTS)[number];

/** Answers of one visitor, 1 (bad) to 4 (very good). */
export type Survey = Readonly<Record<SurveyElement, number>>;

/** A satisfaction index (IKM), 25 to 100, with its grade. */
export interface SatisfactionIndex {
  readonly index: number;
  readonly grade: 'A' | 'B' | 'C' | 'D';
  readonly answers: number;
}

/**
 * Works out the satisfaction index: the mean of the nine elements times 25, to two decimals.
 * @returns null where nobody answered: no index is not a bad one
 * @see rule SD42
 * @see PermenPANRB 14/2017
 */
export function satisfactionIndex(surveys: readonly Survey[]): SatisfactionIndex | null {
  if (surveys.length === 0) return null;
  const all = surveys.flatMap((survey) => SURVEY_ELEMENTS.map((element) => survey[element]));
  const mean = all.reduce((sum, each) => sum + each, 0) / all.length;
  const index = Math.round(mean * 25 * 100) / 100;
  const grade = index >= 88.31 ? 'A' : index >= 76.61 ? 'B' : index >= 65 ? 'C' : 'D';
  return { index, grade, answers: surveys.length };
}
