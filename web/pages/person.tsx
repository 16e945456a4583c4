import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Credential, RoleName } from '#contract/api';
import type { PersonDetail, Revocation } from '#contract/api-people';
import type { ApiResult } from '../api-client.ts';
import {
  cardsOf,
  changeCard,
  endSessionsOf,
  leavePerson,
  linkSsoOf,
  movePerson,
  personDetail,
  resetPassword,
  restorePerson,
  returnCard,
  revocationsOf,
  saveRoles,
  sessionsOf,
} from '../api-people.ts';
import { signInWays } from '../api-sign-in.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button } from '../parts/button.tsx';
import { CardEnrolSheet } from '../parts/card-enrol-sheet.tsx';
import { Chip, type Tone } from '../parts/chip.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { ReasonField, RolesField } from '../parts/desk-fields.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { TextField } from '../parts/inputs.tsx';
import { Loaded } from '../parts/list-of.tsx';
import { Notice, ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PrivacyBlock } from '../parts/person-privacy.tsx';
import { ProfileBlock } from '../parts/person-profile.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import { wallTimeOf, instantOf } from '../zone-time.ts';
import { wordOf } from '../words/words.ts';

/** Everything about one person that the reader's role may see, and what can be done about it. */
export function PersonPage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const me = useMe();
  const words = useWords();
  const desk = useDeskWords();
  const id = params['id'] ?? '';
  const person = useLoad(`person ${id}`, () => personDetail(app.api, id));
  const [said, setSaid] = useState<string | null>(null);
  const is = (role: RoleName): boolean => me.roles.includes(role);
  const isPrivacy = is('privacy-officer') || is('auditor');
  const back = is('administrator') || is('officer') ? '/people' : '/privacy/people';
  if (person.data === undefined) {
    return (
      <Page title={desk.person.back} back={{ href: back, label: desk.person.back }}>
        {person.problem === undefined ? (
          <Skeleton rows={4} />
        ) : person.problem.code === 'not-found' ? (
          <Notice tone="waiting" title={desk.person.missing} />
        ) : (
          <ProblemNotice problem={person.problem} onRetry={() => void person.reload()} />
        )}
      </Page>
    );
  }
  const { data } = person;
  const done = (text: string): void => {
    setSaid(text);
    void person.reload();
  };
  return (
    <Page
      title={data.name}
      back={{ href: back, label: desk.person.back }}
      lead={data.organisation}
      aside={
        <Chip tone={data.isActive ? 'granted' : 'refused'} icon={data.isActive ? 'check' : 'ban'}>
          {data.isActive ? words.admin.active : words.admin.inactive}
        </Chip>
      }
    >
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <ProfileBlock person={data} onSaved={() => done(desk.person.profileSaved)} />
      <RolesBlock person={data} onSaved={() => done(desk.person.rolesSaved)} />
      {is('administrator') || is('officer') || is('auditor') ? (
        <CardsBlock person={data} mayWrite={is('administrator') || is('officer')} />
      ) : null}
      {is('administrator') ? <AccountBlock person={data} /> : null}
      {is('administrator') ? <DepartureBlock person={data} onDone={done} /> : null}
      {isPrivacy ? <PrivacyBlock personId={id} /> : null}
      <HistoryBlock personId={id} key={said} />
    </Page>
  );
}

function Block(props: {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <section class="block">
      <div class="block-head">
        <h2>{props.title}</h2>
        {props.actions}
      </div>
      {props.children}
    </section>
  );
}

function RolesBlock(props: { readonly person: PersonDetail; readonly onSaved: () => void }): JSX.Element {
  const app = useApp();
  const me = useMe();
  const words = useWords();
  const desk = useDeskWords();
  const { person } = props;
  const [isOpen, setIsOpen] = useState(false);
  const [roles, setRoles] = useState<readonly RoleName[]>(person.roles);
  const mayWrite = me.roles.includes('administrator') && me.id !== person.id;
  return (
    <Block
      title={desk.person.roles}
      actions={
        mayWrite ? (
          <Button
            icon="draft"
            onClick={() => {
              setRoles(person.roles);
              setIsOpen(true);
            }}
          >
            {desk.person.editRoles}
          </Button>
        ) : null
      }
    >
      <p>{person.roles.map((role) => words.roles[role]).join(', ') || words.admin.noRoles}</p>
      {isOpen ? (
        <ActSheet
          title={desk.person.editRoles}
          means={desk.person.rolesMeans}
          confirm={desk.common.save}
          act={() => saveRoles(app.api, person.id, roles)}
          onDone={() => {
            setIsOpen(false);
            props.onSaved();
          }}
          onClose={() => setIsOpen(false)}
        >
          {() => <RolesField label={words.admin.rolesLabel} chosen={roles} onChosen={setRoles} />}
        </ActSheet>
      ) : null}
    </Block>
  );
}

const CARD_LOOKS: Readonly<Record<Credential['state'], { readonly tone: Tone; readonly icon: IconName }>> = {
  active: { tone: 'granted', icon: 'check' },
  suspended: { tone: 'refused', icon: 'ban' },
  lost: { tone: 'refused', icon: 'ban' },
};

type CardAct = 'lost' | 'return';

function CardsBlock(props: { readonly person: PersonDetail; readonly mayWrite: boolean }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const { person, mayWrite } = props;
  const cards = useLoad(`cards ${person.id}`, () => cardsOf(app.api, person.id));
  const [isAdding, setIsAdding] = useState(false);
  const [asked, setAsked] = useState<{ readonly act: CardAct; readonly card: Credential } | null>(null);
  const [reason, setReason] = useState('');
  const [said, setSaid] = useState<string | null>(null);
  // Of a card that was presented the server knows what the door made of it, never the number.
  const nameOf = (card: Credential): string =>
    card.lastFour === '' ? desk.cards.byReader : words.admin.cardEnding(card.lastFour);
  const done = (text: string): void => {
    setIsAdding(false);
    setAsked(null);
    setReason('');
    setSaid(text);
    void cards.reload();
  };
  return (
    <Block
      title={desk.person.cards}
      actions={
        mayWrite && person.isActive ? (
          <Button icon="plus" onClick={() => setIsAdding(true)}>
            {desk.person.addCard}
          </Button>
        ) : null
      }
    >
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <Loaded load={cards} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="soft">
              {desk.person.noCards} {desk.person.noCardsText}
            </p>
          ) : (
            <div class="list">
              {items.map((card) => (
                <div key={card.id} class="row">
                  <span class="row-icon">
                    <Icon name="card" />
                  </span>
                  <span class="row-main">
                    <span class="strong">
                      <span class="mono">{card.media}</span> {nameOf(card)}
                    </span>
                    <span class="soft small">
                      {words.admin.enrolledAt} {app.time.value.date(Date.parse(card.enrolledAt))}
                      {card.expiresAt === null
                        ? ''
                        : ` · ${desk.person.temporaryUntil(app.time.value.full(Date.parse(card.expiresAt)))}`}
                    </span>
                  </span>
                  <Chip {...CARD_LOOKS[card.state]}>{words.admin.cardState[card.state]}</Chip>
                  {mayWrite ? (
                    <span class="row-acts">
                      {card.state === 'lost' ? null : (
                        <Button
                          label={`${desk.person.lost}: ${nameOf(card)}`}
                          onClick={() => setAsked({ act: 'lost', card })}
                        >
                          {desk.person.lost}
                        </Button>
                      )}
                      <Button
                        kind="quiet"
                        label={`${desk.person.takeBack}: ${nameOf(card)}`}
                        onClick={() => setAsked({ act: 'return', card })}
                      >
                        {desk.person.takeBack}
                      </Button>
                    </span>
                  ) : null}
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
      {isAdding ? (
        <CardEnrolSheet
          person={person}
          onDone={(card) => done(words.admin.cardAdded(card.personName))}
          onClose={() => setIsAdding(false)}
        />
      ) : null}
      {asked === null ? null : asked.act === 'lost' ? (
        <ActSheet
          title={`${desk.person.lost}: ${nameOf(asked.card)}`}
          means={desk.person.lostMeans}
          confirm={desk.person.lost}
          isDanger
          isReady={reason.trim() !== ''}
          act={() => changeCard(app.api, asked.card.id, { state: 'lost', reason: reason.trim() })}
          onDone={() => done(desk.person.lostDone)}
          onClose={() => setAsked(null)}
        >
          {(faultOf) => <ReasonField fault={faultOf('/reason')} value={reason} onValue={setReason} />}
        </ActSheet>
      ) : (
        <ActSheet
          title={`${desk.person.takeBack}: ${nameOf(asked.card)}`}
          means={desk.person.takeBackMeans}
          confirm={desk.person.takeBack}
          act={() => returnCard(app.api, asked.card.id)}
          onDone={() => done(desk.person.takenBack)}
          onClose={() => setAsked(null)}
        />
      )}
    </Block>
  );
}

type AccountAct = 'reset' | 'sessions' | 'sso';

function AccountBlock({ person }: { readonly person: PersonDetail }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const [asked, setAsked] = useState<AccountAct | null>(null);
  const [ticket, setTicket] = useState<{ readonly token: string; readonly expiresAt: string } | null>(null);
  const [subject, setSubject] = useState('');
  const [said, setSaid] = useState<string | null>(null);
  const ways = useLoad('sign-in ways', () => signInWays(app.api));
  const sessions = useLoad(`sessions ${person.id}`, () => sessionsOf(app.api, person.id));
  const close = (): void => setAsked(null);
  const done = (text: string | null): void => {
    setAsked(null);
    setSaid(text);
    void sessions.reload();
  };
  if (person.username === null) {
    return (
      <Block title={desk.person.account}>
        <p class="soft">{desk.person.noAccount}</p>
      </Block>
    );
  }
  return (
    <Block title={desk.person.account}>
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <Loaded load={sessions} rows={1}>
        {({ items }) => (
          <div class="card stack">
            <p>
              <span class="mono strong">{person.username}</span>
              <br />
              <span class="soft">{desk.person.sessions(items.length)}</span>
            </p>
            <div class="check-actions">
              <Button icon="lock" onClick={() => setAsked('reset')}>
                {desk.person.resetPassword}
              </Button>
              <Button icon="exit" isDisabled={items.length === 0} onClick={() => setAsked('sessions')}>
                {desk.person.endSessions}
              </Button>
              {ways.data?.isSsoOffered === true ? (
                <Button icon="shield" onClick={() => setAsked('sso')}>
                  {desk.person.linkSso}
                </Button>
              ) : null}
            </div>
          </div>
        )}
      </Loaded>
      {asked === 'reset' ? (
        <ActSheet
          title={desk.person.resetPassword}
          means={desk.person.resetMeans}
          confirm={desk.person.resetPassword}
          isDanger
          act={() => resetPassword(app.api, person.id)}
          onDone={(made) => {
            done(null);
            setTicket(made);
          }}
          onClose={close}
        />
      ) : null}
      {asked === 'sessions' ? (
        <ActSheet
          title={desk.person.endSessions}
          confirm={desk.person.endSessions}
          isDanger
          act={() => endSessionsOf(app.api, person.id)}
          onDone={() => done(desk.person.sessionsEnded)}
          onClose={close}
        />
      ) : null}
      {asked === 'sso' ? (
        <ActSheet
          title={desk.person.linkSso}
          confirm={desk.person.linkSso}
          act={() => linkSsoOf(app.api, person.id, subject.trim())}
          onDone={() => done(desk.person.ssoLinked)}
          onClose={close}
        >
          {(faultOf) => (
            <TextField
              label={desk.person.ssoSubject}
              hint={desk.person.linkSsoHint}
              fault={faultOf('/subject')}
              value={subject}
              onValue={setSubject}
              maxLength={255}
              isMono
              isRequired
            />
          )}
        </ActSheet>
      ) : null}
      {ticket === null ? null : (
        <Sheet title={desk.person.resetTitle} onClose={() => setTicket(null)}>
          <p>{desk.person.resetText}</p>
          <pre class="token" tabIndex={0} aria-label={desk.person.resetTitle}>
            {ticket.token}
          </pre>
          <p class="soft small">
            {desk.person.resetExpires(app.time.value.full(Date.parse(ticket.expiresAt)))}
          </p>
          <div class="sheet-actions">
            <CopyButton text={ticket.token} />
          </div>
        </Sheet>
      )}
    </Block>
  );
}

type Departure = 'leave' | 'move' | 'restore';

function DepartureBlock(props: {
  readonly person: PersonDetail;
  readonly onDone: (text: string) => void;
}): JSX.Element | null {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const { person, onDone } = props;
  const { timeZone } = app.time.value;
  const now = wallTimeOf(app.nowMs.value, timeZone);
  const [asked, setAsked] = useState<Departure | null>(null);
  const [reason, setReason] = useState('');
  const [date, setDate] = useState(now.date);
  const [clock, setClock] = useState(now.clock);
  const [unit, setUnit] = useState('');
  const [position, setPosition] = useState('');
  if (person.id === me.id) return null;
  const effective = instantOf({ date, clock }, timeZone);
  const order = {
    reason: reason.trim(),
    effectiveAt: new Date(effective ?? app.nowMs.value).toISOString(),
  };
  const done = (text: string): void => {
    setAsked(null);
    setReason('');
    onDone(text);
  };
  const close = (): void => setAsked(null);
  return (
    <Block title={desk.person.departing}>
      <p class="soft">{desk.person.departingText}</p>
      <div class="check-actions">
        {person.isActive ? (
          <>
            <Button icon="arrowRight" onClick={() => setAsked('move')}>
              {desk.person.move}
            </Button>
            <Button kind="danger" icon="exit" onClick={() => setAsked('leave')}>
              {desk.person.leave}
            </Button>
          </>
        ) : (
          <Button icon="undo" onClick={() => setAsked('restore')}>
            {desk.person.restore}
          </Button>
        )}
      </div>
      {asked === null ? null : (
        <ActSheet
          title={`${asked === 'restore' ? desk.person.restore : asked === 'leave' ? desk.person.leave : desk.person.move}: ${person.name}`}
          means={
            asked === 'restore'
              ? desk.person.restoreMeans
              : asked === 'leave'
                ? desk.person.leaveMeans(person.name)
                : desk.person.moveMeans(person.name)
          }
          confirm={
            asked === 'restore'
              ? desk.person.restore
              : asked === 'leave'
                ? desk.person.leave
                : desk.person.move
          }
          isDanger={asked !== 'restore'}
          isReady={order.reason !== '' && effective !== null && (asked !== 'move' || unit.trim() !== '')}
          act={async (): Promise<ApiResult<unknown>> => {
            if (asked === 'leave') return leavePerson(app.api, person.id, order);
            if (asked === 'restore') return restorePerson(app.api, person.id, order.reason);
            const place = { unit: unit.trim(), position: position.trim() === '' ? null : position.trim() };
            return movePerson(app.api, person.id, { ...order, ...place });
          }}
          onDone={() => done(asked === 'restore' ? desk.person.restored : desk.person.departed)}
          onClose={close}
        >
          {(faultOf) => (
            <>
              {asked === 'move' ? (
                <>
                  <TextField
                    label={desk.person.newUnit}
                    fault={faultOf('/unit')}
                    value={unit}
                    onValue={setUnit}
                    maxLength={120}
                    isRequired
                  />
                  <TextField
                    label={desk.person.newPosition}
                    fault={faultOf('/position')}
                    value={position}
                    onValue={setPosition}
                    maxLength={120}
                  />
                </>
              ) : null}
              {asked === 'restore' ? null : (
                <fieldset class="choices">
                  <legend>{desk.person.effectiveAt}</legend>
                  <p class="field-hint">{desk.person.effectiveHint}</p>
                  <div class="field-pair">
                    <TextField
                      label={desk.places.date}
                      type="date"
                      value={date}
                      onValue={setDate}
                      isRequired
                    />
                    <TextField
                      label={desk.reviews.when}
                      type="time"
                      value={clock}
                      onValue={setClock}
                      isRequired
                    />
                  </div>
                </fieldset>
              )}
              <ReasonField fault={faultOf('/reason')} value={reason} onValue={setReason} />
            </>
          )}
        </ActSheet>
      )}
    </Block>
  );
}

function HistoryBlock({ personId }: { readonly personId: string }): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const history = useLoad(`revocations ${personId}`, () => revocationsOf(app.api, personId));
  return (
    <Block title={desk.person.history}>
      <Loaded load={history} rows={1}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="soft">{desk.person.noHistory}</p>
          ) : (
            <div class="stack">
              {items.map((each) => (
                <RevocationCard key={each.id} revocation={each} />
              ))}
            </div>
          )
        }
      </Loaded>
    </Block>
  );
}

function RevocationCard({ revocation }: { readonly revocation: Revocation }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const { counts } = revocation;
  const minutes = (n: number): string => (n <= 0 ? desk.person.onTime : desk.person.minutes(Math.round(n)));
  const what = Object.entries(counts).flatMap(([name, count]) =>
    typeof count === 'number' && count > 0 ? [`${count} ${wordOf(desk.person.counts, name)}`] : [],
  );
  return (
    <article class="card stack">
      <p>
        <span class="strong">{desk.person.causes[revocation.cause]}</span>{' '}
        <span class="soft">
          {app.time.value.full(Date.parse(revocation.effectiveAt))},{' '}
          {revocation.byName === null ? desk.common.bySystem : desk.common.by(revocation.byName)}
        </span>
      </p>
      <p class="quote tone-neutral">{revocation.reason}</p>
      <Facts
        rows={[
          [
            desk.person.revoked,
            [...what, ...counts.roles.map((role) => words.roles[role])].join(', ') || words.common.none,
          ],
          ['Server', minutes(revocation.minutes)],
          revocation.gateways.length === 0
            ? null
            : [
                desk.person.atGateways,
                revocation.gateways
                  .map(({ gatewayId, minutes: late }) =>
                    late === null
                      ? desk.person.gatewayWaits(gatewayId)
                      : desk.person.gatewayObeys(gatewayId, minutes(late)),
                  )
                  .join('; '),
              ],
        ]}
      />
    </article>
  );
}
