import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RequestState } from '#contract/api';
import type { Severity } from '#contract/event';
import { ok } from '#contract/result';
import { useApp, useWords } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button } from '../parts/button.tsx';
import { Chip, SEVERITY_LOOKS, STATE_LOOKS, StateChip, type Tone } from '../parts/chip.tsx';
import { DoorDrawing } from '../parts/door-drawing.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Facts } from '../parts/facts.tsx';
import { Field } from '../parts/field.tsx';
import { CheckField, SelectField, TextField } from '../parts/inputs.tsx';
import { LanguageSwitch } from '../parts/language-switch.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { PlacesTabs } from '../parts/places-tabs.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import { useDeskWords } from '../use-desk-words.ts';

const TONES: readonly Tone[] = ['granted', 'waiting', 'refused', 'info', 'neutral'];

/** Every component in its states; in development only. */
export function DesignSheet(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const [isSheetOpen, setIsSheetOpen] = useState(false);
  const [isActOpen, setIsActOpen] = useState(false);
  return (
    <main class="page page-wide" id="content">
      <div class="page-head">
        <h1>Design</h1>
        <div class="design-row">
          <LanguageSwitch />
          <Button onClick={() => app.setTheme(app.theme.value === 'dark' ? 'light' : 'dark')}>
            {app.theme.value}
          </Button>
        </div>
      </div>
      <section class="block">
        <h2>Button</h2>
        <div class="design-row">
          <Button kind="primary" icon="plus">
            {words.technician.file}
          </Button>
          <Button icon="cross">{words.supervisor.reject}</Button>
          <Button kind="danger" icon="ban">
            {words.supervisor.revoke}
          </Button>
          <Button kind="quiet" icon="print">
            {words.auditor.print}
          </Button>
          <Button kind="primary" isBusy>
            {words.supervisor.approving}
          </Button>
          <Button kind="primary" isDisabled>
            {words.technician.file}
          </Button>
          <Button isPressed>{words.time.today}</Button>
        </div>
      </section>
      <section class="block">
        <h2>Chip</h2>
        <div class="design-row">
          {(Object.keys(STATE_LOOKS) as RequestState[]).map((state) => (
            <StateChip key={state} state={state} />
          ))}
        </div>
        <div class="design-row">
          {(Object.keys(SEVERITY_LOOKS) as Severity[]).map((severity) => (
            <Chip key={severity} {...SEVERITY_LOOKS[severity]}>
              {words.severities[severity]}
            </Chip>
          ))}
        </div>
      </section>
      <section class="block">
        <h2>Notice</h2>
        {TONES.map((tone) => (
          <Notice key={tone} tone={tone} title={words.auditor.proofYes}>
            <p>{words.auditor.proofSignature}</p>
          </Notice>
        ))}
        <ProblemNotice
          problem={{ code: 'internal', pointers: [], requestId: 'r-7f3a' }}
          onRetry={() => undefined}
        />
      </section>
      <section class="block">
        <h2>Field</h2>
        <Field label={words.admin.name} hint={words.admin.usernameHint}>
          {(links) => <input {...links} type="text" />}
        </Field>
        <Field label={words.admin.password} fault={words.problems['invalid-input'].title}>
          {(links) => <input {...links} type="text" value="abc" readOnly />}
        </Field>
      </section>
      <section class="block">
        <h2>Tabs, inputs, act</h2>
        <PlacesTabs current="/places/purposes" />
        <TextField
          label={desk.common.reason}
          hint={desk.common.reasonHint}
          value=""
          onValue={() => undefined}
          rows={2}
        />
        <TextField
          label={desk.places.code}
          fault={words.problems['invalid-input'].title}
          value="net fw"
          onValue={() => undefined}
          isMono
        />
        <SelectField
          label={desk.person.kind}
          value="staff"
          onValue={() => undefined}
          options={Object.entries(desk.kinds)}
        />
        <CheckField
          label={desk.cards.isForToday}
          hint={desk.cards.isForTodayHint}
          isOn
          onChange={() => undefined}
        />
        <Button kind="danger" onClick={() => setIsActOpen(true)}>
          {desk.person.leave}
        </Button>
        {isActOpen ? (
          <ActSheet
            title={desk.person.leave}
            means={desk.person.leaveMeans('Sari Wulandari')}
            confirm={desk.person.leave}
            isDanger
            act={() => Promise.resolve(ok(null))}
            onDone={() => setIsActOpen(false)}
            onClose={() => setIsActOpen(false)}
          />
        ) : null}
      </section>
      <section class="block">
        <h2>Facts, empty, skeleton, sheet</h2>
        <div class="card">
          <Facts
            rows={[
              [words.request.room, 'Ruang Server 1'],
              [words.request.number, '001/IZIN-RS/03/2026'],
            ]}
          />
        </div>
        <EmptyState
          icon="inbox"
          title={words.supervisor.waitingEmptyTitle}
          text={words.supervisor.waitingEmptyText}
        />
        <Skeleton rows={2} kind="row" />
        <Button onClick={() => setIsSheetOpen(true)}>{words.request.withdrawTitle}</Button>
        {isSheetOpen ? (
          <Sheet title={words.request.withdrawTitle} onClose={() => setIsSheetOpen(false)}>
            <p>{words.request.withdrawText}</p>
          </Sheet>
        ) : null}
      </section>
      <section class="block">
        <h2>Door</h2>
        <div class="design-doors">
          <DoorDrawing lock="secured" contact="closed" alarm="none" light="idle" inside={[]} />
          <DoorDrawing lock="released" contact="closed" alarm="none" light="granted" inside={['ST']} />
          <DoorDrawing lock="secured" contact="open" alarm="held-open" light="alarm" inside={['ST', 'BW']} />
          <DoorDrawing lock="unknown" contact="unknown" alarm="none" light="off" inside={['?']} />
        </div>
      </section>
    </main>
  );
}
