import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { BasisKind, IdentityKind, PersonDetail, PersonKind } from '#contract/api-people';
import { saveProfile } from '../api-people.ts';
import { identityOf } from '../api-privacy.ts';
import { useApp, useMe } from '../app-state.ts';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { addDays, instantOf, wallTimeOf } from '../zone-time.ts';
import { ActSheet } from './act-sheet.tsx';
import { Button } from './button.tsx';
import { Facts } from './facts.tsx';
import { SelectField, TextField } from './inputs.tsx';
import { Notice, ProblemNotice } from './notice.tsx';

/** What is known of a person; the number of an identity document only when it is asked for. @see rule W46 */
export function ProfileBlock(props: {
  readonly person: PersonDetail;
  readonly onSaved: () => void;
}): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const { person } = props;
  const { profile } = person;
  const [isOpen, setIsOpen] = useState(false);
  const time = app.time.value;
  const mayWrite = me.roles.includes('administrator');
  const mayRead = me.roles.some((role) => role === 'officer' || role === 'privacy-officer');
  const endsAt = profile?.rightsEndAt ?? null;
  const endMs = endsAt === null ? null : Date.parse(endsAt);
  return (
    <section class="block">
      <div class="block-head">
        <h2>{desk.person.profile}</h2>
        {mayWrite ? (
          <Button icon="draft" onClick={() => setIsOpen(true)}>
            {desk.person.editProfile}
          </Button>
        ) : null}
      </div>
      {profile === null ? (
        <p class="soft">{desk.person.noProfile}</p>
      ) : (
        <div class="card stack">
          {endMs !== null && endMs <= app.nowMs.value ? (
            <Notice tone="refused" title={desk.person.rightsEnded} />
          ) : null}
          <Facts
            rows={[
              [desk.person.kind, desk.kinds[profile.kind]],
              profile.unit === null ? null : [desk.person.unit, profile.unit],
              profile.position === null ? null : [desk.person.position, profile.position],
              profile.employeeNumber === null
                ? null
                : [
                    desk.person.employeeNumber,
                    <Masked text={profile.employeeNumber} name={desk.person.employeeNumber} />,
                  ],
              profile.email === null
                ? null
                : [desk.person.email, <Masked text={profile.email} name={desk.person.email} />],
              profile.basis === null
                ? null
                : [desk.person.basis, `${desk.bases[profile.basis.kind]} ${profile.basis.number}`],
              [desk.person.rightsEnd, endMs === null ? desk.common.noEnd : time.full(endMs)],
              profile.identity === null
                ? null
                : [
                    desk.person.identity,
                    <IdentityNumber
                      personId={person.id}
                      kind={profile.identity.kind}
                      lastFour={profile.identity.lastFour}
                      mayRead={mayRead}
                    />,
                  ],
              profile.leftAt === null ? null : [desk.person.leftAt, time.full(Date.parse(profile.leftAt))],
            ]}
          />
        </div>
      )}
      {isOpen ? (
        <ProfileSheet
          person={person}
          onSaved={() => {
            setIsOpen(false);
            props.onSaved();
          }}
          onClose={() => setIsOpen(false)}
        />
      ) : null}
    </section>
  );
}

/** An employee number tells a date of birth, an address how to reach somebody: the last of it until somebody asks. */
function Masked({ text, name }: { readonly text: string; readonly name: string }): JSX.Element {
  const desk = useDeskWords();
  const [isShown, setIsShown] = useState(false);
  if (isShown || text.length <= 4) return <span class="mono">{text}</span>;
  return (
    <span class="masked">
      <span class="mono">{`${'•'.repeat(text.length - 4)}${text.slice(-4)}`}</span>
      <Button kind="quiet" label={`${desk.reports.view}: ${name}`} onClick={() => setIsShown(true)}>
        {desk.reports.view}
      </Button>
    </span>
  );
}

function IdentityNumber(props: {
  readonly personId: string;
  readonly kind: IdentityKind;
  readonly lastFour: string;
  readonly mayRead: boolean;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { isBusy, problem, run } = useAct();
  const [number, setNumber] = useState<string | null>(null);

  async function show(): Promise<void> {
    const found = await run(() => identityOf(app.api, props.personId));
    if (found !== null) setNumber(found.value.number);
  }

  return (
    <div class="stack">
      <span>
        {desk.identities[props.kind]}{' '}
        {number === null ? desk.person.identityEnding(props.lastFour) : <span class="mono">{number}</span>}
      </span>
      {number === null ? null : <p class="soft small">{desk.person.identityShown}</p>}
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {props.mayRead && number === null ? (
        <span>
          <Button icon="lock" isBusy={isBusy} onClick={() => void show()}>
            {desk.person.identityShow}
          </Button>
        </span>
      ) : null}
    </div>
  );
}

const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());

function ProfileSheet(props: {
  readonly person: PersonDetail;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { person } = props;
  const { profile } = person;
  const { timeZone } = app.time.value;
  const endsAt = profile?.rightsEndAt ?? null;
  const [kind, setKind] = useState<PersonKind>(profile?.kind ?? 'staff');
  const [unit, setUnit] = useState(profile?.unit ?? '');
  const [position, setPosition] = useState(profile?.position ?? '');
  const [employeeNumber, setEmployeeNumber] = useState(profile?.employeeNumber ?? '');
  const [email, setEmail] = useState(profile?.email ?? '');
  const [basisKind, setBasisKind] = useState<string>(profile?.basis?.kind ?? '');
  const [basisNumber, setBasisNumber] = useState(profile?.basis?.number ?? '');
  // The right ends with a day: the last moment of it is the first of the next, which is what is stored.
  const [endDay, setEndDay] = useState(
    endsAt === null ? '' : wallTimeOf(Date.parse(endsAt) - 1, timeZone).date,
  );
  const [identityKind, setIdentityKind] = useState<string>('');
  const [identityNumber, setIdentityNumber] = useState('');
  const endMs = endDay === '' ? null : instantOf({ date: addDays(endDay, 1), clock: '00:00' }, timeZone);
  return (
    <ActSheet
      title={`${desk.person.editProfile}: ${person.name}`}
      confirm={desk.common.save}
      act={() =>
        saveProfile(app.api, person.id, {
          kind,
          unit: orNull(unit),
          position: orNull(position),
          employeeNumber: orNull(employeeNumber),
          email: orNull(email),
          basis:
            basisKind === '' || basisNumber.trim() === ''
              ? null
              : { kind: basisKind as BasisKind, number: basisNumber.trim() },
          rightsEndAt: endMs === null ? null : new Date(endMs).toISOString(),
          ...(identityKind === '' || identityNumber.trim() === ''
            ? {}
            : {
                identity: {
                  kind: identityKind as IdentityKind,
                  number: identityNumber.replaceAll(/\s/g, '').toUpperCase(),
                },
              }),
        })
      }
      onDone={props.onSaved}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <SelectField
            label={desk.person.kind}
            value={kind}
            onValue={(value) => setKind(value as PersonKind)}
            options={Object.entries(desk.kinds)}
          />
          <TextField
            label={desk.person.unit}
            fault={faultOf('/unit')}
            value={unit}
            onValue={setUnit}
            maxLength={120}
          />
          <TextField
            label={desk.person.position}
            fault={faultOf('/position')}
            value={position}
            onValue={setPosition}
            maxLength={120}
          />
          <TextField
            label={desk.person.employeeNumber}
            fault={faultOf('/employeeNumber')}
            value={employeeNumber}
            onValue={setEmployeeNumber}
            maxLength={40}
          />
          <TextField
            label={desk.person.email}
            fault={faultOf('/email')}
            type="email"
            value={email}
            onValue={setEmail}
            maxLength={200}
          />
          <div class="field-pair">
            <SelectField
              label={desk.person.basis}
              value={basisKind}
              onValue={setBasisKind}
              none=""
              options={Object.entries(desk.bases)}
            />
            <TextField
              label={desk.person.basisNumber}
              fault={faultOf('/basis')}
              value={basisNumber}
              onValue={setBasisNumber}
              maxLength={80}
            />
          </div>
          <TextField
            label={desk.person.rightsEnd}
            hint={desk.person.rightsEndHint}
            fault={faultOf('/rightsEndAt')}
            type="date"
            value={endDay}
            onValue={setEndDay}
          />
          <div class="field-pair">
            <SelectField
              label={desk.person.identityKind}
              value={identityKind}
              onValue={setIdentityKind}
              none=""
              options={Object.entries(desk.identities)}
            />
            <TextField
              label={desk.person.identityNumber}
              fault={faultOf('/identity')}
              value={identityNumber}
              onValue={setIdentityNumber}
              maxLength={30}
              isMono
            />
          </div>
          <p class="field-hint">{desk.person.identityHint}</p>
        </>
      )}
    </ActSheet>
  );
}
