import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { RoleName } from '#contract/api';
import type { PersonKind } from '#contract/api-people';
import type { Campaign, CampaignSummary, ReviewDecision } from '#contract/api-review';
import { decideRights, findCampaign, listCampaigns, openCampaign } from '../api-review.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Chip, type Tone } from '../parts/chip.tsx';
import { ReasonField, RolesField } from '../parts/desk-fields.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { CheckField, ManyField, SelectField, TextField } from '../parts/inputs.tsx';
import { ListOf } from '../parts/list-of.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { ReviewsTabs } from '../parts/reviews-tabs.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { wordOf } from '../words/words.ts';
import { addDays, instantOf, wallTimeOf } from '../zone-time.ts';

/** Until when a review is to be done, unless somebody says otherwise. */
const USUAL_DAYS = 14;

/** Reviews of access rights: which run, how far they are, and until when. */
export function ReviewsPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const { route } = useLocation();
  const campaigns = useLoad('campaigns', () => listCampaigns(app.api));
  const [isOpening, setIsOpening] = useState(false);
  const mayOpen = me.roles.some((role) => role === 'supervisor' || role === 'administrator');
  return (
    <Page
      title={desk.reviews.title}
      lead={desk.reviews.lead}
      primary={
        mayOpen ? (
          <Button kind="primary" icon="plus" onClick={() => setIsOpening(true)}>
            {desk.reviews.open}
          </Button>
        ) : undefined
      }
    >
      <ReviewsTabs current="/reviews" />
      <ListOf
        load={campaigns}
        icon="checkCircle"
        empty={desk.reviews.empty}
        emptyHint={desk.reviews.emptyText}
        row={(campaign) => <CampaignRow key={campaign.id} campaign={campaign} />}
      />
      <section class="block card">
        <h2>{desk.reviews.yearly}</h2>
        <p class="soft">{desk.reviews.yearlyText}</p>
        <div class="check-actions">
          <ButtonLink icon="chart" href="/reports/evaluation?p=year">
            {desk.reports.view}
          </ButtonLink>
        </div>
      </section>
      {isOpening ? (
        <CampaignSheet
          onDone={(campaign) => route(`/reviews/${campaign.id}`)}
          onClose={() => setIsOpening(false)}
        />
      ) : null}
    </Page>
  );
}

function CampaignChip({ campaign }: { readonly campaign: CampaignSummary }): JSX.Element {
  const desk = useDeskWords();
  return (
    <Chip
      tone={campaign.state === 'open' ? 'waiting' : 'neutral'}
      icon={campaign.state === 'open' ? 'hourglass' : 'check'}
    >
      {desk.reviews.states[campaign.state]}
    </Chip>
  );
}

function DeadlineText({ campaign }: { readonly campaign: CampaignSummary }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const time = app.time.value;
  const deadlineMs = Date.parse(campaign.deadlineAt);
  const leftMs = deadlineMs - app.nowMs.value;
  if (campaign.closedAt !== null)
    return <>{desk.reviews.closedAt(time.full(Date.parse(campaign.closedAt)))}</>;
  return (
    <>
      {desk.reviews.deadlineAt(
        time.full(deadlineMs),
        leftMs > 0 ? time.duration(leftMs) : desk.reviews.overdue,
      )}
    </>
  );
}

function CampaignRow({ campaign }: { readonly campaign: CampaignSummary }): JSX.Element {
  const desk = useDeskWords();
  return (
    <a class="row request-row" href={`/reviews/${campaign.id}`}>
      <span class="row-main">
        <span class="strong">{campaign.title}</span>
        <span>{desk.reviews.progress(campaign.decided, campaign.items)}</span>
        <span class="soft small">
          <DeadlineText campaign={campaign} />
        </span>
      </span>
      <CampaignChip campaign={campaign} />
      <Icon name="chevronRight" />
    </a>
  );
}

function CampaignSheet(props: {
  readonly onDone: (campaign: Campaign) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { timeZone } = app.time.value;
  const doors = app.places.value?.doors ?? [];
  const [title, setTitle] = useState('');
  const [day, setDay] = useState(addDays(wallTimeOf(app.nowMs.value, timeZone).date, USUAL_DAYS));
  const [roles, setRoles] = useState<readonly RoleName[]>([]);
  const [kinds, setKinds] = useState<readonly PersonKind[]>([]);
  const [unit, setUnit] = useState('');
  const [doorId, setDoorId] = useState('');
  const deadline = instantOf({ date: day, clock: '17:00' }, timeZone);
  return (
    <ActSheet
      title={desk.reviews.open}
      means={desk.reviews.openMeans}
      confirm={desk.reviews.open}
      isReady={deadline !== null}
      act={() =>
        openCampaign(app.api, {
          title: title.trim(),
          deadlineAt: new Date(deadline ?? 0).toISOString(),
          scope: {
            ...(roles.length === 0 ? {} : { roles: [...roles] }),
            ...(kinds.length === 0 ? {} : { kinds: [...kinds] }),
            ...(unit.trim() === '' ? {} : { unit: unit.trim() }),
            ...(doorId === '' ? {} : { doorId }),
          },
        })
      }
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <TextField
            label={desk.reviews.name}
            hint={desk.reviews.nameExample}
            fault={faultOf('/title')}
            value={title}
            onValue={setTitle}
            maxLength={200}
            isRequired
          />
          <TextField
            label={desk.reviews.deadline}
            hint={deadline === null ? undefined : app.time.value.full(deadline)}
            fault={faultOf('/deadlineAt')}
            type="date"
            value={day}
            onValue={setDay}
            isRequired
          />
          <details class="fold">
            <summary>
              <span class="row-main strong">{desk.reviews.scope}</span>
              <Icon name="chevronDown" />
            </summary>
            <div class="fold-text">
              <p class="soft small">{desk.reviews.scopeAll}</p>
              <RolesField label={desk.reviews.scopeRoles} chosen={roles} onChosen={setRoles} />
              <ManyField
                label={desk.reviews.scopeKinds}
                options={Object.entries(desk.kinds) as [PersonKind, string][]}
                chosen={kinds}
                onChosen={setKinds}
              />
              <TextField
                label={desk.reviews.unit}
                fault={faultOf('/scope/unit')}
                value={unit}
                onValue={setUnit}
                maxLength={120}
              />
              <SelectField
                label={desk.reviews.scopeDoor}
                value={doorId}
                onValue={setDoorId}
                none={desk.reviews.anyDoor}
                options={doors.map(({ id, name }) => [id, name] as const)}
              />
            </div>
          </details>
        </>
      )}
    </ActSheet>
  );
}

type Item = Campaign['people'][number];

const DECISION_LOOKS: Readonly<
  Record<NonNullable<Item['decision']>, { readonly tone: Tone; readonly icon: IconName }>
> = {
  keep: { tone: 'granted', icon: 'check' },
  change: { tone: 'info', icon: 'draft' },
  revoke: { tone: 'refused', icon: 'ban' },
  suspended: { tone: 'waiting', icon: 'hourglass' },
};

/** One review: everybody with their facts, what was decided, and how fast. */
export function ReviewPage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const id = params['id'] ?? '';
  const review = useLoad(`review ${id}`, () => findCampaign(app.api, id));
  const [isAll, setIsAll] = useState(true);
  const [asked, setAsked] = useState<Item | null>(null);
  const [isDecided, setIsDecided] = useState(false);
  const back = { href: '/reviews', label: desk.reviews.back };
  const { data } = review;
  if (data === undefined) {
    return (
      <Page title={desk.reviews.title} back={back} isWide>
        {review.problem === undefined ? (
          <Skeleton rows={5} kind="row" />
        ) : review.problem.code === 'not-found' ? (
          <Notice tone="waiting" title={desk.reviews.missing} />
        ) : (
          <ProblemNotice problem={review.problem} onRetry={() => void review.reload()} />
        )}
      </Page>
    );
  }
  const mayDecide = me.roles.includes('supervisor') && data.state === 'open';
  const people = isAll ? data.people : data.people.filter(({ decision }) => decision === null);
  return (
    <Page
      title={data.title}
      back={back}
      lead={<DeadlineText campaign={data} />}
      aside={<CampaignChip campaign={data} />}
      isWide
    >
      {isDecided ? <Notice tone="granted" title={desk.reviews.decided} isAnswer /> : null}
      <div class="review-progress">
        <p class="strong">{desk.reviews.progress(data.decided, data.items)}</p>
        <progress
          max={Math.max(1, data.items)}
          value={data.decided}
          aria-label={desk.reviews.progress(data.decided, data.items)}
        />
        <p class="soft small">
          {desk.reviews.openedBy(data.openedByName, app.time.value.full(Date.parse(data.openedAt)))}
        </p>
      </div>
      {data.decided === data.items ? (
        <p class="soft">{desk.reviews.allDecided}</p>
      ) : (
        <CheckField label={desk.reviews.onlyUndecided} isOn={!isAll} onChange={(isOn) => setIsAll(!isOn)} />
      )}
      <div class="stack">
        {people.map((item) => (
          <ReviewItem
            key={item.personId}
            item={item}
            onDecide={mayDecide && item.personId !== me.id ? () => setAsked(item) : null}
          />
        ))}
      </div>
      <Pace pace={data.pace} />
      {asked === null ? null : (
        <DecisionSheet
          campaignId={id}
          item={asked}
          onDone={(campaign) => {
            setAsked(null);
            setIsDecided(true);
            review.replace(campaign);
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

function ReviewItem(props: { readonly item: Item; readonly onDecide: (() => void) | null }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const { item } = props;
  const { facts } = item;
  const date = (at: string | null): string =>
    at === null ? desk.common.never : app.time.value.date(Date.parse(at));
  // The kind of the basis stands before its number.
  const basisText = (basis: string | null): string => {
    const [kind = '', ...rest] = (basis ?? '').split(' ');
    return basis === null ? words.common.none : [wordOf(desk.bases, kind), ...rest].join(' ');
  };
  return (
    <article class="card review-item">
      <header class="gateway-head">
        <div>
          <h2>{item.personName}</h2>
          <p class="soft small">
            {[facts.organisation, facts.unit, facts.position].filter(Boolean).join(' · ')}
          </p>
        </div>
        {item.decision === null ? (
          <Chip tone="neutral" icon="hourglass">
            {desk.reviews.undecided}
          </Chip>
        ) : (
          <Chip {...DECISION_LOOKS[item.decision]}>{desk.reviews.decisions[item.decision]}</Chip>
        )}
      </header>
      {facts.flags.length === 0 ? null : (
        <div class="row-acts">
          {facts.flags.map((flag) => (
            <Chip key={flag} tone="waiting" icon="alarm">
              {desk.reviews.flags[flag]}
            </Chip>
          ))}
        </div>
      )}
      <dl class="review-facts">
        {(
          [
            [
              desk.reviews.roles,
              facts.roles.map((role) => words.roles[role]).join(', ') || words.common.none,
            ],
            [desk.reviews.cards, facts.cards.map((four) => `…${four}`).join(', ') || words.common.none],
            [desk.reviews.permits, String(facts.livePermits)],
            [
              desk.reviews.lastUsed,
              facts.lastUsedAt === null
                ? desk.common.never
                : `${date(facts.lastUsedAt)} (${desk.reviews.uses(facts.usesInPeriod)})`,
            ],
            [desk.reviews.grantedAt, date(facts.grantedAt)],
            [desk.person.basis, basisText(facts.basis)],
            [desk.reviews.endsAt, facts.rightsEndAt === null ? desk.common.noEnd : date(facts.rightsEndAt)],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {item.decidedAt === null ? null : (
        <p class="quote tone-neutral">
          {item.reason}
          <br />
          <span class="soft small">
            {item.decidedByName ?? desk.common.bySystem}, {app.time.value.full(Date.parse(item.decidedAt))}
          </span>
        </p>
      )}
      {props.onDecide === null || item.decision !== null ? null : (
        <div>
          <Button label={`${desk.reviews.decide}: ${item.personName}`} onClick={props.onDecide}>
            {desk.reviews.decide}
          </Button>
        </div>
      )}
    </article>
  );
}

const DECISIONS: readonly ReviewDecision[] = ['keep', 'change', 'revoke'];

function DecisionSheet(props: {
  readonly campaignId: string;
  readonly item: Item;
  readonly onDone: (campaign: Campaign) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { timeZone } = app.time.value;
  const { item } = props;
  const [decision, setDecision] = useState<ReviewDecision | null>(null);
  const [reason, setReason] = useState('');
  const [roles, setRoles] = useState<readonly RoleName[]>(item.facts.roles);
  const [endDay, setEndDay] = useState('');
  const endMs = endDay === '' ? null : instantOf({ date: addDays(endDay, 1), clock: '00:00' }, timeZone);
  return (
    <ActSheet
      title={desk.reviews.decideTitle(item.personName)}
      confirm={decision === null ? desk.reviews.decide : desk.reviews.decisions[decision]}
      isDanger={decision === 'revoke'}
      isReady={decision !== null && reason.trim() !== ''}
      act={() =>
        decideRights(app.api, props.campaignId, item.personId, {
          decision: decision ?? 'keep',
          reason: reason.trim(),
          ...(decision === 'change'
            ? {
                roles: [...roles],
                ...(endMs === null ? {} : { rightsEndAt: new Date(endMs).toISOString() }),
              }
            : {}),
        })
      }
      onDone={props.onDone}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          <fieldset class="choices">
            <legend>{desk.reviews.whichDecision}</legend>
            {DECISIONS.map((each) => (
              <label key={each} class="choice">
                <input
                  type="radio"
                  name="decision"
                  checked={decision === each}
                  onChange={() => setDecision(each)}
                />
                <span>
                  <span class="strong">{desk.reviews.decisions[each]}</span>
                  <span class="soft small choice-hint">{desk.reviews.decisionMeans[each]}</span>
                </span>
              </label>
            ))}
          </fieldset>
          {decision === 'change' ? (
            <>
              <RolesField label={desk.reviews.rolesKept} chosen={roles} onChosen={setRoles} />
              <TextField
                label={desk.reviews.endsAt}
                type="date"
                fault={faultOf('/rightsEndAt')}
                value={endDay}
                onValue={setEndDay}
              />
            </>
          ) : null}
          <div class="ready-reasons">
            {desk.reviews.readyReasons.map((ready) => (
              <button key={ready} type="button" class="btn btn-secondary" onClick={() => setReason(ready)}>
                {ready}
              </button>
            ))}
          </div>
          <ReasonField fault={faultOf('/reason')} value={reason} onValue={setReason} />
        </>
      )}
    </ActSheet>
  );
}

function Pace({ pace }: { readonly pace: Campaign['pace'] }): JSX.Element | null {
  const desk = useDeskWords();
  if (pace.length === 0) return null;
  return (
    <section class="block">
      <h2>{desk.reviews.pace}</h2>
      <p class="soft">{desk.reviews.paceText}</p>
      <div class="stack">
        {pace.map((each) => (
          <div key={each.reviewerId} class="card stack">
            <div class="gateway-head">
              <p class="strong">{each.reviewerName}</p>
              <Chip tone={each.isTooFast ? 'refused' : 'granted'} icon={each.isTooFast ? 'alarm' : 'check'}>
                {each.isTooFast ? desk.reviews.tooFast : desk.reviews.paceFine}
              </Chip>
            </div>
            <Facts
              rows={[
                [desk.reviews.paceDecisions, String(each.decisions)],
                [desk.reviews.paceKept, String(each.kept)],
                each.medianSeconds === null
                  ? null
                  : [desk.reviews.paceMedian, desk.reviews.seconds(Math.round(each.medianSeconds))],
              ]}
            />
          </div>
        ))}
      </div>
    </section>
  );
}
