import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Sop, SopContent, SopState, SopSummary, SopVersion } from '#contract/api-sop';
import {
  acknowledgeSop,
  findSop,
  listSops,
  notAcknowledged,
  stepVersion,
  type VersionStep,
} from '../api-sop.ts';
import { useApp, useMe } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Chip, type Tone } from '../parts/chip.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { CheckField } from '../parts/inputs.tsx';
import { ListOf, Loaded } from '../parts/list-of.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad, type Load } from '../use-load.ts';

const LOOKS: Readonly<Record<SopState, { readonly tone: Tone; readonly icon: IconName }>> = {
  draft: { tone: 'neutral', icon: 'draft' },
  review: { tone: 'waiting', icon: 'hourglass' },
  'in-force': { tone: 'granted', icon: 'checkCircle' },
  withdrawn: { tone: 'neutral', icon: 'ban' },
};

const mayWrite = (roles: readonly string[]): boolean =>
  roles.includes('officer') || roles.includes('administrator');
const seesDrafts = (roles: readonly string[]): boolean =>
  mayWrite(roles) || roles.includes('supervisor') || roles.includes('auditor');

/** Procedures: which text is in force, and whether one has acknowledged it. */
export function SopListPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const sops = useLoad('sops', () => listSops(app.api));
  return (
    <Page
      title={desk.sop.title}
      lead={desk.sop.lead}
      primary={
        mayWrite(me.roles) ? (
          <ButtonLink kind="primary" icon="plus" href="/sop/new">
            {desk.sop.new}
          </ButtonLink>
        ) : undefined
      }
    >
      <ListOf
        load={sops}
        icon="book"
        empty={desk.sop.empty}
        emptyHint={desk.sop.emptyText}
        row={(sop) => <SopRow key={sop.id} sop={sop} />}
      />
    </Page>
  );
}

function SopRow({ sop }: { readonly sop: SopSummary }): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const { inForce } = sop;
  const isNews = seesDrafts(me.roles) && sop.newestState !== 'in-force' && sop.newestState !== 'withdrawn';
  return (
    <a class="row request-row" href={`/sop/${sop.id}`}>
      <span class="row-main">
        <span class="strong">{sop.title[app.language.value]}</span>
        <span class="soft small">
          {sop.number} ·{' '}
          {inForce === null
            ? desk.sop.noneInForce
            : desk.sop.inForce(inForce.version, app.time.value.date(Date.parse(inForce.effectiveAt)))}
        </span>
        {sop.isReviewDue && sop.reviewDueAt !== null ? (
          <span class="small tone-waiting tone-text">
            {desk.sop.reviewOverdue(app.time.value.date(Date.parse(sop.reviewDueAt)))}
          </span>
        ) : null}
        {isNews ? (
          <span class="soft small">
            {desk.sop.version(sop.newestVersion)}: {desk.sop.states[sop.newestState]}
          </span>
        ) : null}
      </span>
      {inForce === null ? (
        <Chip {...LOOKS[sop.newestState]}>{desk.sop.states[sop.newestState]}</Chip>
      ) : (
        <Chip
          tone={sop.isAcknowledged ? 'granted' : 'waiting'}
          icon={sop.isAcknowledged ? 'check' : 'hourglass'}
        >
          {sop.isAcknowledged ? desk.sop.acknowledged : desk.sop.toAcknowledge}
        </Chip>
      )}
      <Icon name="chevronRight" />
    </a>
  );
}

/** One procedure: its text to be read and acknowledged, its versions, and who has not acknowledged it. */
export function SopPage({ params, query }: PageProps): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const id = params['id'] ?? '';
  const sop = useLoad(`sop ${id}`, () => findSop(app.api, id));
  const back = { href: '/sop', label: desk.sop.title };
  if (sop.data === undefined) {
    return (
      <Page title={desk.sop.title} back={back}>
        {sop.problem === undefined ? (
          <Skeleton rows={4} />
        ) : sop.problem.code === 'not-found' ? (
          <Notice tone="waiting" title={desk.sop.missing} />
        ) : (
          <ProblemNotice problem={sop.problem} onRetry={() => void sop.reload()} />
        )}
      </Page>
    );
  }
  const { data } = sop;
  const wanted = Number(query['v'] ?? 0);
  const shown =
    data.versions.find(({ version }) => version === wanted) ??
    data.versions.find(({ state }) => state === 'in-force') ??
    data.versions[0];
  const isCurrent = shown?.state === 'in-force';
  return (
    <Page
      title={data.title[app.language.value]}
      back={back}
      lead={data.number}
      aside={
        shown === undefined ? undefined : (
          <span class="row-acts">
            <Chip {...LOOKS[shown.state]}>
              {desk.sop.version(shown.version)}: {desk.sop.states[shown.state]}
            </Chip>
            <Button icon="print" onClick={() => window.print()}>
              {desk.sop.print}
            </Button>
          </span>
        )
      }
    >
      {data.isForEntry ? (
        <Chip tone="info" icon="info">
          {desk.sop.isForEntry}
        </Chip>
      ) : null}
      {shown === undefined ? (
        <p class="soft">{desk.sop.noneInForce}</p>
      ) : (
        <>
          {shown.reviewDueAt === null || !isCurrent ? null : (
            <p class={data.isReviewDue ? 'tone-waiting tone-text' : 'soft'}>
              {data.isReviewDue
                ? desk.sop.reviewOverdue(app.time.value.date(Date.parse(shown.reviewDueAt)))
                : desk.sop.reviewDue(app.time.value.date(Date.parse(shown.reviewDueAt)))}
            </p>
          )}
          <SopText content={shown.content} />
          {isCurrent ? <Acknowledge sop={sop} textHash={shown.textHash} /> : null}
        </>
      )}
      {seesDrafts(me.roles) ? <Versions sop={sop} shown={shown?.version ?? 0} /> : null}
      {seesDrafts(me.roles) && data.inForce !== null ? <MissingAcks id={id} /> : null}
    </Page>
  );
}

const PARTS = ['purpose', 'scope'] as const;
const LISTS = ['legalBasis', 'executorQualifications', 'linkedSops', 'equipment'] as const;

function SopText({ content }: { readonly content: SopContent }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const language = app.language.value;
  return (
    <article class="card sop-text">
      <Facts
        rows={[
          [desk.sop.unit, content.unit[language]],
          [desk.sop.approver, content.approver[language]],
        ]}
      />
      {PARTS.map((part) => (
        <section key={part}>
          <h2>{desk.sop[part]}</h2>
          <p class="pre">{content[part][language]}</p>
        </section>
      ))}
      {LISTS.map((part) =>
        content[part].length === 0 ? null : (
          <section key={part}>
            <h2>{desk.sop[part]}</h2>
            <ul class="bullets">
              {content[part].map((line) => (
                <li key={line.id}>{line[language]}</li>
              ))}
            </ul>
          </section>
        ),
      )}
      <section>
        <h2>{desk.sop.steps}</h2>
        <ol class="sop-steps">
          {content.steps.map((step, index) => (
            <li key={step.activity.id}>
              <span class="step-number" aria-hidden="true">
                {index + 1}
              </span>
              <div>
                <p class="strong">{step.activity[language]}</p>
                <p class="soft small">
                  {step.executor[language]} · {desk.sop.minutesOf(step.minutes)}
                </p>
                <p class="small">
                  {desk.sop.completeness}: {step.completeness[language]}
                </p>
                <p class="small">
                  {desk.sop.output}: {step.output[language]}
                </p>
              </div>
            </li>
          ))}
        </ol>
      </section>
      {(['warning', 'recording'] as const).map((part) => (
        <section key={part}>
          <h2>{desk.sop[part]}</h2>
          <p class="pre">{content[part][language]}</p>
        </section>
      ))}
      {content.houseRules.length === 0 ? null : (
        <section>
          <h2>{desk.sop.houseRules}</h2>
          <ol class="bullets bullets-numbered">
            {content.houseRules.map((line) => (
              <li key={line.id}>{line[language]}</li>
            ))}
          </ol>
        </section>
      )}
    </article>
  );
}

function Acknowledge(props: { readonly sop: Load<Sop>; readonly textHash: string }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { sop, textHash } = props;
  const { isBusy, problem, run } = useAct();
  const [hasRead, setHasRead] = useState(false);
  const [isNew, setIsNew] = useState(false);
  const isDone = sop.data?.isAcknowledged === true;

  async function acknowledge(): Promise<void> {
    const done = await run(() => acknowledgeSop(app.api, sop.data?.id ?? '', textHash));
    if (done === null) return;
    setIsNew(true);
    await sop.reload();
  }

  return (
    <section class="block card">
      {isDone ? (
        <Notice
          tone="granted"
          title={isNew ? desk.sop.acknowledgedNow : desk.sop.acknowledged}
          isAnswer={isNew}
        />
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void acknowledge();
          }}
        >
          <p class="strong">{desk.sop.acknowledgeAsk}</p>
          <CheckField label={desk.sop.acknowledgeCheck} isOn={hasRead} onChange={setHasRead} isRequired />
          {problem === null ? null : problem.code === 'sop-moved-on' ? (
            <Notice tone="waiting" title={desk.sop.movedOn} isAnswer />
          ) : (
            <ProblemNotice problem={problem} />
          )}
          <Button kind="primary" type="submit" icon="check" isBusy={isBusy}>
            {desk.sop.acknowledge}
          </Button>
        </form>
      )}
      <p class="soft small">
        {desk.sop.textHashHint}
        <br />
        {desk.sop.textHash}: <span class="mono hash">{textHash}</span>
      </p>
    </section>
  );
}

interface Asked {
  readonly step: VersionStep;
  readonly version: number;
}

/** What may be done with a version in its state, and by whom; the server decides again. */
const STEPS: Readonly<
  Record<SopState, readonly { readonly step: VersionStep; readonly by: 'writer' | 'approver' }[]>
> = {
  draft: [{ step: 'submit', by: 'writer' }],
  review: [
    { step: 'put-in-force', by: 'approver' },
    { step: 'return', by: 'approver' },
  ],
  'in-force': [{ step: 'withdraw', by: 'approver' }],
  withdrawn: [],
};

function Versions(props: { readonly sop: Load<Sop>; readonly shown: number }): JSX.Element | null {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const [asked, setAsked] = useState<Asked | null>(null);
  const [isDone, setIsDone] = useState(false);
  const { data } = props.sop;
  if (data === undefined) return null;
  const means: Readonly<Record<VersionStep, readonly string[]>> = {
    submit: desk.sop.submitMeans,
    return: desk.sop.returnMeans,
    'put-in-force': desk.sop.putInForceMeans,
    withdraw: desk.sop.withdrawMeans,
  };
  const is = { writer: mayWrite(me.roles), approver: me.roles.includes('supervisor') };
  const hasDraft = data.versions.some(({ state }) => state === 'draft' || state === 'review');
  return (
    <section class="block no-print">
      <div class="block-head">
        <h2>{desk.sop.versions}</h2>
        {is.writer && !hasDraft ? (
          <ButtonLink icon="plus" href={`/sop/${data.id}/edit`}>
            {desk.sop.draftNext}
          </ButtonLink>
        ) : null}
      </div>
      {isDone ? <Notice tone="granted" title={desk.sop.stepDone} isAnswer /> : null}
      <div class="list">
        {data.versions.map((version) => (
          <div key={version.version} class="row">
            <span class="row-main">
              <a
                class="strong"
                href={`/sop/${data.id}?v=${version.version}`}
                aria-current={version.version === props.shown ? 'page' : undefined}
              >
                {desk.sop.version(version.version)}
              </a>
              <VersionStory version={version} />
            </span>
            <Chip {...LOOKS[version.state]}>{desk.sop.states[version.state]}</Chip>
            <span class="row-acts">
              {is.writer && version.state === 'draft' ? (
                <ButtonLink icon="draft" href={`/sop/${data.id}/edit`}>
                  {desk.sop.edit}
                </ButtonLink>
              ) : null}
              {STEPS[version.state]
                .filter(({ by }) => is[by])
                .map(({ step }) => (
                  <Button
                    key={step}
                    kind={step === 'withdraw' ? 'danger' : 'secondary'}
                    onClick={() => setAsked({ step, version: version.version })}
                  >
                    {desk.sop[step]}
                  </Button>
                ))}
            </span>
          </div>
        ))}
      </div>
      {asked === null ? null : (
        <ActSheet
          title={`${desk.sop[asked.step]}: ${desk.sop.version(asked.version)}`}
          means={means[asked.step]}
          confirm={desk.sop[asked.step]}
          isDanger={asked.step === 'withdraw'}
          act={() => stepVersion(app.api, data.id, asked.version, asked.step)}
          onDone={(sop) => {
            setAsked(null);
            setIsDone(true);
            props.sop.replace(sop);
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </section>
  );
}

function VersionStory({ version }: { readonly version: SopVersion }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const day = (at: string): string => app.time.value.date(Date.parse(at));
  return (
    <span class="soft small">
      {desk.sop.writtenBy(version.createdByName ?? desk.common.bySystem, day(version.createdAt))}
      {version.effectiveAt === null
        ? null
        : `. ${desk.sop.approvedBy(version.approvedByName ?? desk.common.bySystem, day(version.effectiveAt))}`}
      {version.withdrawnAt === null ? null : `. ${desk.sop.withdrawnAt(day(version.withdrawnAt))}`}
    </span>
  );
}

function MissingAcks({ id }: { readonly id: string }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const missing = useLoad(`missing acks ${id}`, () => notAcknowledged(app.api, id));
  return (
    <section class="block no-print">
      <h2>
        {desk.sop.missingAcks}
        {missing.data === undefined ? null : <span class="count">{missing.data.people.length}</span>}
      </h2>
      <p class="soft">{desk.sop.missingAcksText}</p>
      <Loaded load={missing} rows={2}>
        {({ people }) =>
          people.length === 0 ? (
            <Notice tone="granted" title={desk.sop.noneMissing} />
          ) : (
            <div class="list">
              {people.map((person) => (
                <div key={person.personId} class="row">
                  <span class="row-main">
                    <span class="strong">{person.name}</span>
                    <span class="soft small">
                      {person.organisation}
                      {person.lastVersion === null ? '' : ` · ${desk.sop.lastVersion(person.lastVersion)}`}
                    </span>
                  </span>
                  {person.isInside ? (
                    <Chip tone="waiting" icon="door">
                      {desk.sop.isInside}
                    </Chip>
                  ) : null}
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </section>
  );
}
