import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PrivacyMarks } from '#contract/api-privacy';
import { privacyMarks, setHold, setRestriction } from '../api-privacy.ts';
import { useApp, useMe } from '../app-state.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { ActSheet } from './act-sheet.tsx';
import { Button } from './button.tsx';
import { Chip } from './chip.tsx';
import { TextField } from './inputs.tsx';
import { Loaded } from './list-of.tsx';

type Act = 'restrict' | 'unrestrict' | 'hold' | 'unhold';

/** Whether somebody's data is restricted, held or erased, and for the data-protection officer the way to change it. */
export function PrivacyBlock({ personId }: { readonly personId: string }): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const marks = useLoad(`marks ${personId}`, () => privacyMarks(app.api, personId));
  const [asked, setAsked] = useState<Act | null>(null);
  const [reason, setReason] = useState('');
  const mayWrite = me.roles.includes('privacy-officer') && me.id !== personId;
  const means = {
    restrict: desk.person.restrictMeans,
    unrestrict: [],
    hold: desk.person.holdMeans,
    unhold: desk.person.unholdMeans,
  };
  return (
    <section class="block">
      <h2>{desk.person.privacy}</h2>
      <Loaded load={marks} rows={1}>
        {(data) => (
          <div class="card stack">
            <MarkList marks={data} />
            {mayWrite && data.erasedAt === null ? (
              <div class="check-actions">
                <Button onClick={() => setAsked(data.restrictedAt === null ? 'restrict' : 'unrestrict')}>
                  {data.restrictedAt === null ? desk.person.restrict : desk.person.unrestrict}
                </Button>
                <Button onClick={() => setAsked(data.heldAt === null ? 'hold' : 'unhold')}>
                  {data.heldAt === null ? desk.person.hold : desk.person.unhold}
                </Button>
              </div>
            ) : null}
          </div>
        )}
      </Loaded>
      {asked === null ? null : (
        <ActSheet
          title={desk.person[asked]}
          means={means[asked]}
          confirm={desk.person[asked]}
          isReady={asked !== 'hold' || reason.trim() !== ''}
          act={() =>
            asked === 'hold' || asked === 'unhold'
              ? setHold(app.api, personId, asked === 'hold' ? reason.trim() : null)
              : setRestriction(app.api, personId, asked === 'restrict')
          }
          onDone={(data) => {
            setAsked(null);
            setReason('');
            marks.replace(data);
          }}
          onClose={() => setAsked(null)}
        >
          {(faultOf) =>
            asked === 'hold' ? (
              <TextField
                label={desk.common.reason}
                fault={faultOf('/reason')}
                value={reason}
                onValue={setReason}
                maxLength={300}
                rows={2}
                isRequired
              />
            ) : null
          }
        </ActSheet>
      )}
    </section>
  );
}

function MarkList({ marks }: { readonly marks: PrivacyMarks }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const since = (at: string): string => app.time.value.full(Date.parse(at));
  if (marks.restrictedAt === null && marks.heldAt === null && marks.erasedAt === null) {
    return <p class="soft">{desk.person.noMarks}</p>;
  }
  return (
    <ul class="stack">
      {marks.erasedAt === null ? null : (
        <li>
          <Chip tone="neutral" icon="ban">
            {desk.person.erased}
          </Chip>{' '}
          <span class="soft small">{since(marks.erasedAt)}</span>
        </li>
      )}
      {marks.restrictedAt === null ? null : (
        <li>
          <Chip tone="waiting" icon="lock">
            {desk.person.restricted}
          </Chip>{' '}
          <span class="soft small">{since(marks.restrictedAt)}</span>
        </li>
      )}
      {marks.heldAt === null ? null : (
        <li>
          <Chip tone="info" icon="shield">
            {desk.person.held}
          </Chip>{' '}
          <span class="soft small">{since(marks.heldAt)}</span>
          {marks.holdReason === null ? null : <p class="quote tone-info">{marks.holdReason}</p>}
        </li>
      )}
    </ul>
  );
}
