import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PrivacyRequest, RetentionClass } from '#contract/api-privacy';
import type { ErasureBasis } from '#contract/erasure';
import {
  approveErasure,
  carryOutPrivacyRequest,
  destructions as listDestructions,
  filePrivacyRequest,
  piiViews,
  privacyRequests,
  readings as listReadings,
  refusePrivacyRequest,
  retention as loadRetention,
  saveRetention,
  subjectCopyPath,
} from '../api-privacy.ts';
import { API_PATH } from '../api-client.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { HolderField } from '../parts/card-enrol-sheet.tsx';
import { SelectField, TextField } from '../parts/inputs.tsx';
import { ListOf, Loaded } from '../parts/list-of.tsx';
import { MoreButton } from '../parts/more-button.tsx';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PrivacyRequestCard } from '../parts/privacy-request-card.tsx';
import { isWhole, NEW_PRIVACY_DRAFT, PrivacyRequestFields } from '../parts/privacy-request-fields.tsx';
import { PrivacyTabs } from '../parts/privacy-tabs.tsx';
import { sayInstants } from '../say-instants.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { usePages } from '../use-pages.ts';
import { wordOf } from '../words/words.ts';

type Step = 'approve' | 'refuse' | 'carryOut';

/** Requests of data subjects: what waits, until when, and what was answered. */
export function PrivacyPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const requests = usePages('privacy requests', (cursor) => privacyRequests(app.api, cursor));
  const [asked, setAsked] = useState<{ readonly step: Step; readonly request: PrivacyRequest } | null>(null);
  const [isFiling, setIsFiling] = useState(false);
  const [said, setSaid] = useState<string | null>(null);
  const isOfficer = me.roles.includes('privacy-officer');
  const isApprover = me.roles.includes('supervisor');
  const done = (text: string): void => {
    setAsked(null);
    setIsFiling(false);
    setSaid(text);
    void requests.reload();
  };
  return (
    <Page
      title={desk.privacy.title}
      lead={desk.privacy.lead}
      primary={
        isOfficer ? (
          <Button kind="primary" icon="plus" onClick={() => setIsFiling(true)}>
            {desk.privacy.fileForOther}
          </Button>
        ) : undefined
      }
    >
      <PrivacyTabs current="/privacy" />
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <h2 class="visually-hidden">{desk.privacy.tabRequests}</h2>
      <ListOf
        load={requests}
        icon="inbox"
        empty={desk.privacy.empty}
        emptyHint={desk.privacy.emptyText}
        row={(request) => (
          <PrivacyRequestCard
            key={request.id}
            request={request}
            who={
              isOfficer || me.roles.includes('auditor') ? (
                <a href={`/people/${request.personId}`}>{request.personName}</a>
              ) : (
                request.personName
              )
            }
            actions={
              <Steps
                request={request}
                isOfficer={isOfficer}
                isApprover={isApprover}
                onStep={(step) => setAsked({ step, request })}
              />
            }
          />
        )}
        isCards
      />
      <MoreButton pages={requests} />
      {isFiling ? (
        <FilingSheet onDone={() => done(desk.privacy.filed)} onClose={() => setIsFiling(false)} />
      ) : null}
      {asked === null ? null : (
        <StepSheet {...asked} onDone={() => done(desk.privacy.stepDone)} onClose={() => setAsked(null)} />
      )}
    </Page>
  );
}

function Steps(props: {
  readonly request: PrivacyRequest;
  readonly isOfficer: boolean;
  readonly isApprover: boolean;
  readonly onStep: (step: Step) => void;
}): JSX.Element | null {
  const me = useMe();
  const desk = useDeskWords();
  const { request, isOfficer, isApprover, onStep } = props;
  const isErasure = request.kind === 'erasure';
  const isOpen = request.state === 'filed' || request.state === 'approved';
  const hasCopy = isOfficer && request.kind === 'access' && request.state !== 'refused';
  if (request.personId === me.id) {
    return isOpen && (isOfficer || isApprover) ? <p class="soft small">{desk.privacy.ownRequest}</p> : null;
  }
  const mayApprove = isApprover && isErasure && request.state === 'filed';
  const mayCarryOut = isOfficer && request.state === (isErasure ? 'approved' : 'filed');
  const mayRefuse = isOfficer && isOpen;
  if (!mayApprove && !mayCarryOut && !mayRefuse && !hasCopy) return null;
  return (
    <div class="check-actions">
      {mayApprove ? (
        <Button kind="primary" onClick={() => onStep('approve')}>
          {desk.privacy.approve}
        </Button>
      ) : null}
      {mayCarryOut ? (
        <Button kind={isErasure ? 'danger' : 'secondary'} icon="check" onClick={() => onStep('carryOut')}>
          {desk.privacy.carryOut}
        </Button>
      ) : null}
      {hasCopy ? (
        <ButtonLink icon="download" href={subjectCopyPath(request.id)} downloadName="palang-salinan.zip">
          {desk.privacy.copy}
        </ButtonLink>
      ) : null}
      {mayRefuse ? <Button onClick={() => onStep('refuse')}>{desk.privacy.refuse}</Button> : null}
    </div>
  );
}

function StepSheet(props: {
  readonly step: Step;
  readonly request: PrivacyRequest;
  readonly onDone: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { step, request } = props;
  const [text, setText] = useState('');
  const [basis, setBasis] = useState<ErasureBasis>('subject-request');
  const means = {
    approve: desk.privacy.approveMeans,
    refuse: desk.privacy.refuseMeans,
    carryOut: desk.privacy.carryOutMeans[request.kind],
  };
  const ask = {
    approve: () => approveErasure(app.api, request.id, basis),
    refuse: () => refusePrivacyRequest(app.api, request.id, text.trim()),
    carryOut: () => carryOutPrivacyRequest(app.api, request.id, text.trim()),
  };
  return (
    <ActSheet
      title={`${desk.privacy[step]}: ${desk.privacy.kinds[request.kind]}, ${request.personName}`}
      means={means[step]}
      confirm={desk.privacy[step]}
      isDanger={request.kind === 'erasure' && step !== 'refuse'}
      isReady={step === 'approve' || text.trim() !== ''}
      act={ask[step]}
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) =>
        step === 'approve' ? (
          <SelectField
            label={desk.privacy.basis}
            fault={faultOf('/basis')}
            value={basis}
            onValue={(value) => setBasis(value as ErasureBasis)}
            options={Object.entries(desk.privacy.bases)}
          />
        ) : (
          <TextField
            label={step === 'refuse' ? desk.privacy.refuseReason : desk.privacy.note}
            fault={faultOf(step === 'refuse' ? '/reason' : '/note')}
            value={text}
            onValue={setText}
            maxLength={step === 'refuse' ? 500 : 1000}
            rows={4}
            isRequired
          />
        )
      }
    </ActSheet>
  );
}

function FilingSheet(props: { readonly onDone: () => void; readonly onClose: () => void }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const [personId, setPersonId] = useState('');
  const [draft, setDraft] = useState(NEW_PRIVACY_DRAFT);
  return (
    <ActSheet
      title={desk.privacy.fileForOther}
      confirm={desk.privacy.fileForOther}
      isReady={personId !== '' && isWhole(draft)}
      act={() =>
        filePrivacyRequest(app.api, {
          kind: draft.kind,
          details: draft.details.trim(),
          personId,
          ...(draft.kind === 'correction' ? { subjectRef: draft.subjectRef.trim() } : {}),
        })
      }
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <HolderField
            label={desk.privacy.forWhom}
            value={personId}
            onValue={setPersonId}
            fault={faultOf('/personId')}
          />
          <PrivacyRequestFields draft={draft} onDraft={setDraft} faultOf={faultOf} />
        </>
      )}
    </ActSheet>
  );
}

/** How long each class of data is kept, and what was destroyed. */
export function RetentionPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const retention = useLoad('retention', () => loadRetention(app.api));
  const destructions = useLoad('destructions', () => listDestructions(app.api));
  const [asked, setAsked] = useState<RetentionClass | null>(null);
  const [isSaved, setIsSaved] = useState(false);
  const mayWrite = me.roles.includes('privacy-officer');
  const time = app.time.value;
  return (
    <Page title={desk.privacy.title} lead={desk.privacy.lead}>
      <PrivacyTabs current="/privacy/retention" />
      {isSaved ? <Notice tone="granted" title={desk.privacy.retentionSaved} isAnswer /> : null}
      <section class="block">
        <h2>{desk.privacy.tabRetention}</h2>
        <p class="soft">{desk.privacy.retentionLead}</p>
        <Loaded load={retention} rows={4}>
          {({ classes }) => (
            <div class="list">
              {classes.map((each) => (
                <div key={each.name} class="row">
                  <span class="row-main">
                    <span class="strong">{desk.privacy.classes[each.name]}</span>
                    <span class="soft small">
                      {each.scheduleCode === null
                        ? desk.privacy.noSchedule
                        : `${desk.privacy.scheduleCode} ${each.scheduleCode}`}
                    </span>
                  </span>
                  <span class="row-end">
                    {desk.privacy.keptFor(each.keepDays, Math.floor(each.keepDays / 365))}
                  </span>
                  {mayWrite ? (
                    <Button
                      label={`${desk.common.edit}: ${desk.privacy.classes[each.name]}`}
                      onClick={() => setAsked(each)}
                    >
                      {desk.common.edit}
                    </Button>
                  ) : null}
                </div>
              ))}
            </div>
          )}
        </Loaded>
      </section>
      <section class="block">
        <h2>{desk.privacy.destructions}</h2>
        <p class="soft">{desk.privacy.destructionsText}</p>
        <Loaded load={destructions} rows={2}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="soft">{desk.privacy.noDestructions}</p>
            ) : (
              <div class="list">
                {items.map((each) => (
                  <div key={each.id} class="row">
                    <span class="row-main">
                      <span class="strong">
                        {desk.privacy.destructionKinds[each.kind]}
                        {each.className === null ? '' : `: ${desk.privacy.classes[each.className]}`}
                      </span>
                      <span class="soft small">
                        {time.full(Date.parse(each.at))} · {desk.privacy.bases[each.basis]}
                        {each.siteSeq === null ? '' : ` · ${desk.privacy.siteRecord(each.siteSeq)}`}
                      </span>
                    </span>
                    <span class="row-end small">
                      {Object.entries(each.counts)
                        .map(([name, count]) => `${count} ${wordOf(desk.privacy.countNames, name)}`)
                        .join(', ')}
                    </span>
                  </div>
                ))}
              </div>
            )
          }
        </Loaded>
      </section>
      {asked === null ? null : (
        <RetentionSheet
          each={asked}
          onDone={(data) => {
            setAsked(null);
            setIsSaved(true);
            retention.replace(data);
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function RetentionSheet(props: {
  readonly each: RetentionClass;
  readonly onDone: (data: { readonly classes: readonly RetentionClass[] }) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { each } = props;
  const [days, setDays] = useState(String(each.keepDays));
  const [code, setCode] = useState(each.scheduleCode ?? '');
  return (
    <ActSheet
      title={`${desk.privacy.editRetention}: ${desk.privacy.classes[each.name]}`}
      means={desk.privacy.retentionMeans}
      confirm={desk.common.save}
      isDanger={Number(days) < each.keepDays}
      act={() =>
        saveRetention(app.api, {
          name: each.name,
          keepDays: Number(days),
          scheduleCode: code.trim() === '' ? null : code.trim(),
        })
      }
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <TextField
            label={desk.privacy.keepDays}
            fault={faultOf('/keepDays')}
            type="number"
            min={30}
            max={36_525}
            value={days}
            onValue={setDays}
            isRequired
          />
          <TextField
            label={desk.privacy.scheduleCode}
            fault={faultOf('/scheduleCode')}
            value={code}
            onValue={setCode}
            maxLength={40}
          />
        </>
      )}
    </ActSheet>
  );
}

/** Who was shown whose data, and what auditors read. */
export function ViewsPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const views = useLoad('views', () => piiViews(app.api));
  const readings = usePages('readings', (cursor) => listReadings(app.api, cursor));
  const dense = (at: string): string => app.time.value.dense(Date.parse(at));
  const termsOf = (terms: Readonly<Record<string, unknown>>): string =>
    Object.entries(terms)
      .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(', ');
  return (
    <Page title={desk.privacy.title} lead={desk.privacy.viewsLead} isWide>
      <PrivacyTabs current="/privacy/views" />
      <section class="block">
        <h2>{desk.privacy.views}</h2>
        <Loaded load={views} rows={5}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="soft">{desk.privacy.noViews}</p>
            ) : (
              <div class="scroll" tabIndex={0} role="group" aria-label={desk.privacy.views}>
                <table class="plain-table">
                  <thead>
                    <tr>
                      <th scope="col">{desk.privacy.lastAt}</th>
                      <th scope="col">{desk.privacy.viewer}</th>
                      <th scope="col">{desk.privacy.subject}</th>
                      <th scope="col">{desk.privacy.what}</th>
                      <th scope="col" class="num">
                        {desk.privacy.times}
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((view) => (
                      <tr key={`${view.viewerId} ${view.personId} ${view.what} ${view.day}`}>
                        <td>{dense(view.lastAt)}</td>
                        <td class="strong">{view.viewerName}</td>
                        <td>{view.personName}</td>
                        <td>{wordOf(desk.privacy.whats, view.what)}</td>
                        <td class="num">{view.times}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
      </section>
      <section class="block">
        <h2>{desk.privacy.readings}</h2>
        <p class="soft">{desk.privacy.readingsText}</p>
        <Loaded load={readings} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <p class="soft">{desk.privacy.noReadings}</p>
            ) : (
              <div class="scroll" tabIndex={0} role="group" aria-label={desk.privacy.readings}>
                <table class="plain-table">
                  <thead>
                    <tr>
                      <th scope="col">{desk.reviews.when}</th>
                      <th scope="col">{desk.privacy.viewer}</th>
                      <th scope="col">{desk.privacy.what}</th>
                      <th scope="col">{desk.privacy.terms}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {items.map((reading) => (
                      <tr key={reading.id}>
                        <td>{dense(reading.at)}</td>
                        <td class="strong">{reading.byName}</td>
                        <td>{wordOf(desk.privacy.whats, reading.what.replace(`${API_PATH}/`, ''))}</td>
                        <td class="small">
                          {sayInstants(termsOf(reading.terms), app.time.value) || words.common.none}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Loaded>
        <MoreButton pages={readings} />
      </section>
    </Page>
  );
}
