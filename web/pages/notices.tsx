import type { JSX } from 'preact';
import type { RoleName } from '#contract/api';
import type { Notice as Told, NoticeKind } from '#contract/api-visit';
import { listNotices, markNoticesRead } from '../api-visit.ts';
import { useApp, useMe } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { Icon } from '../parts/icon.tsx';
import { ListOf } from '../parts/list-of.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

const TO_DECIDE: ReadonlySet<NoticeKind> = new Set([
  'request.submitted',
  'request.verified',
  'request.endorsed',
  'request.unanswered',
  'emergency.declared',
  'emergency.unreviewed',
]);

/** Where a notice leads; it opens a page and decides nothing. */
function addressOf({ kind, subject }: Told, roles: readonly RoleName[]): string {
  const [area] = kind.split('.');
  const id = encodeURIComponent(subject);
  if (TO_DECIDE.has(kind) && roles.includes('supervisor')) return `/decide/${id}`;
  if (area === 'request' || area === 'escort' || area === 'emergency') return `/requests/${id}`;
  if (area === 'visit') return roles.includes('officer') ? '/desk' : '/';
  if (area === 'sop') return '/sop';
  if (area === 'review') return '/reviews';
  if (area === 'alarm') return '/door';
  return '/account';
}

/** What one was told, newest first, with what is not read yet. */
export function NoticesPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords().notices;
  const act = useAct();
  const notices = useLoad('notices', () => listNotices(app.api));
  const unread = notices.data?.items.filter(({ readAt }) => readAt === null).map(({ id }) => id) ?? [];
  return (
    <Page
      title={desk.title}
      lead={desk.lead}
      primary={
        <Button
          icon="check"
          isBusy={act.isBusy}
          isDisabled={unread.length === 0}
          onClick={() =>
            void act
              .run(() => markNoticesRead(app.api, unread))
              .then((done) => (done === null ? undefined : notices.reload()))
          }
        >
          {desk.markRead}
        </Button>
      }
    >
      {act.problem === null ? null : <ProblemNotice problem={act.problem} />}
      <ListOf
        load={notices}
        icon="inbox"
        empty={desk.empty}
        emptyHint={desk.emptyText}
        row={(notice) => (
          <a key={notice.id} class="row" href={addressOf(notice, me.roles)}>
            <span class="row-icon">
              <Icon name={notice.readAt === null ? 'info' : 'check'} />
            </span>
            <span class="row-main">
              <span class={notice.readAt === null ? 'strong' : ''}>{desk.kinds[notice.kind]}</span>
              <span class="soft small">
                {app.time.value.ago(Date.parse(notice.at), app.nowMs.value)}
                {notice.readAt === null ? ` · ${desk.unread}` : ''}
              </span>
            </span>
            <Icon name="chevronRight" />
          </a>
        )}
      />
    </Page>
  );
}
