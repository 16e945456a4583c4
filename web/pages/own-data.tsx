import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { filePrivacyRequest, ownCopyPath, privacyNotice, privacyRequests } from '../api-privacy.ts';
import { useApp, useMe } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button, ButtonLink } from '../parts/button.tsx';
import { Loaded } from '../parts/list-of.tsx';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PrivacyRequestCard } from '../parts/privacy-request-card.tsx';
import { isWhole, NEW_PRIVACY_DRAFT, PrivacyRequestFields } from '../parts/privacy-request-fields.tsx';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

/** What is recorded of oneself, why, and what one can ask for. */
export function OwnDataPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const desk = useDeskWords();
  const notice = useLoad('privacy notice', () => privacyNotice(app.api));
  const requests = useLoad('own privacy requests', () => privacyRequests(app.api));
  const [isAsking, setIsAsking] = useState(false);
  const [isSent, setIsSent] = useState(false);
  const [draft, setDraft] = useState(NEW_PRIVACY_DRAFT);
  const mine = requests.data?.items.filter(({ personId }) => personId === me.id);
  return (
    <Page
      title={desk.ownData.title}
      lead={desk.ownData.lead}
      back={{ href: '/account', label: desk.ownData.back }}
      primary={
        <Button kind="primary" icon="draft" onClick={() => setIsAsking(true)}>
          {desk.ownData.ask}
        </Button>
      }
    >
      {isSent ? <Notice tone="granted" title={desk.ownData.sent} isAnswer /> : null}
      <section class="block card">
        <h2>{desk.ownData.copyTitle}</h2>
        <p class="soft">{desk.ownData.copyText}</p>
        <ButtonLink icon="download" href={ownCopyPath} downloadName="palang-data-saya.zip">
          {desk.ownData.copy}
        </ButtonLink>
      </section>
      <section class="block">
        <h2>{desk.ownData.mine}</h2>
        <Loaded load={requests} rows={1}>
          {() =>
            mine === undefined || mine.length === 0 ? (
              <p class="soft">{desk.ownData.noneMine}</p>
            ) : (
              <div class="stack">
                {mine.map((request) => (
                  <PrivacyRequestCard key={request.id} request={request} />
                ))}
              </div>
            )
          }
        </Loaded>
      </section>
      <section class="block">
        <h2>{desk.ownData.notice}</h2>
        <Loaded load={notice} rows={3}>
          {(data) => (
            <div class="card stack">
              <p class="pre">{data[app.language.value]}</p>
              <p class="soft small">
                {desk.ownData.noticeVersion(data.version)} · <span class="mono hash">{data.hash}</span>
              </p>
            </div>
          )}
        </Loaded>
      </section>
      {isAsking ? (
        <ActSheet
          title={desk.ownData.askTitle}
          confirm={desk.ownData.send}
          isReady={isWhole(draft)}
          act={() =>
            filePrivacyRequest(app.api, {
              kind: draft.kind,
              details: draft.details.trim(),
              ...(draft.kind === 'correction' ? { subjectRef: draft.subjectRef.trim() } : {}),
            })
          }
          onDone={() => {
            setIsAsking(false);
            setIsSent(true);
            setDraft(NEW_PRIVACY_DRAFT);
            void requests.reload();
          }}
          onClose={() => setIsAsking(false)}
        >
          {(faultOf) => <PrivacyRequestFields draft={draft} onDraft={setDraft} faultOf={faultOf} />}
        </ActSheet>
      ) : null}
    </Page>
  );
}
