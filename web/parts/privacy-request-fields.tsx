import type { JSX } from 'preact';
import type { PrivacyRequestKind } from '#contract/api-privacy';
import { useDeskWords } from '../use-desk-words.ts';
import type { FaultOf } from './act-sheet.tsx';
import { TextField } from './inputs.tsx';

/** What a data subject asks for, as it is being written. */
export interface PrivacyDraft {
  readonly kind: PrivacyRequestKind;
  readonly details: string;
  readonly subjectRef: string;
}

/** Whether it says all that has to be said: a correction names the record that is not right. */
export const isWhole = ({ kind, details, subjectRef }: PrivacyDraft): boolean =>
  details.trim() !== '' && (kind !== 'correction' || subjectRef.trim() !== '');

export const NEW_PRIVACY_DRAFT: PrivacyDraft = { kind: 'access', details: '', subjectRef: '' };

/** What is asked for, why, and of a correction about which record. */
export function PrivacyRequestFields(props: {
  readonly draft: PrivacyDraft;
  readonly onDraft: (draft: PrivacyDraft) => void;
  readonly faultOf: FaultOf;
}): JSX.Element {
  const desk = useDeskWords();
  const { draft, onDraft, faultOf } = props;
  return (
    <>
      <fieldset class="choices">
        <legend>{desk.privacy.kind}</legend>
        {(Object.keys(desk.privacy.kinds) as PrivacyRequestKind[]).map((kind) => (
          <label key={kind} class="choice">
            <input
              type="radio"
              name="privacy-kind"
              checked={draft.kind === kind}
              onChange={() => onDraft({ ...draft, kind })}
            />
            <span>
              <span class="strong">{desk.privacy.kinds[kind]}</span>
              <span class="soft small choice-hint">{desk.privacy.kindTexts[kind]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <TextField
        label={desk.privacy.details}
        hint={desk.privacy.detailsHint}
        fault={faultOf('/details')}
        value={draft.details}
        onValue={(details) => onDraft({ ...draft, details })}
        maxLength={1000}
        rows={3}
        isRequired
      />
      {draft.kind === 'correction' ? (
        <TextField
          label={desk.privacy.subjectRef}
          hint={desk.privacy.subjectRefHint}
          fault={faultOf('/subjectRef')}
          value={draft.subjectRef}
          onValue={(subjectRef) => onDraft({ ...draft, subjectRef })}
          maxLength={120}
          isMono
          isRequired
        />
      ) : null}
    </>
  );
}
