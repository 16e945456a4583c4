import type { JSX } from 'preact';
import type { GatewaySummary } from '#contract/api';
import { useApp, useWords } from '../app-state.ts';
import { wordOf } from '../words/words.ts';
import { Chip, type Tone } from './chip.tsx';
import { Facts } from './facts.tsx';
import type { IconName } from './icon.tsx';

/** A gateway asks for its policy each minute; three that failed are no accident. */
const SILENT_MS = 3 * 60_000;
/** Below it a door cannot tell whether a permit is in force. */
const TRUSTED_CLOCK = 2;

const STATE_LOOKS: Readonly<
  Record<GatewaySummary['state'], { readonly tone: Tone; readonly icon: IconName }>
> = {
  waiting: { tone: 'waiting', icon: 'hourglass' },
  enrolled: { tone: 'granted', icon: 'check' },
  revoked: { tone: 'refused', icon: 'ban' },
};

/** One gateway and how it fares, the answer first: healthy, not heard from, or with a clock that is not trusted. */
export function GatewayHealth({ gateway }: { readonly gateway: GatewaySummary }): JSX.Element {
  const app = useApp();
  const words = useWords();
  const time = app.time.value;
  const nowMs = app.nowMs.value;
  const doors = (app.places.value?.doors ?? []).filter(({ gatewayId }) => gatewayId === gateway.id);
  const seenMs = gateway.seenAt === null ? null : Date.parse(gateway.seenAt);
  const isSilent = seenMs === null || nowMs - seenMs > SILENT_MS;
  const trusts = doors.flatMap(({ state }) => (state.clockTrust === null ? [] : [state.clockTrust]));
  const trust = trusts.length === 0 ? null : Math.min(...trusts);
  const lastRecordMs = Math.max(
    0,
    ...doors.map(({ state }) => (state.at === null ? 0 : Date.parse(state.at))),
  );
  const readers = doors.flatMap(({ state }) => Object.entries(state.readers));
  const answer: { readonly tone: Tone; readonly icon: IconName; readonly word: string } =
    gateway.state !== 'enrolled'
      ? { ...STATE_LOOKS[gateway.state], word: words.admin.gatewayStates[gateway.state] }
      : isSilent
        ? { tone: 'refused', icon: 'offline', word: words.gatewayHealth.silent }
        : trust !== null && trust < TRUSTED_CLOCK
          ? { tone: 'waiting', icon: 'clock', word: words.gatewayHealth.clockPoor }
          : { tone: 'granted', icon: 'checkCircle', word: words.gatewayHealth.healthy };
  return (
    <article class="card gateway-card">
      <header class="gateway-head">
        <h2 class="mono">{gateway.id}</h2>
        <Chip tone={answer.tone} icon={answer.icon}>
          {answer.word}
        </Chip>
      </header>
      {gateway.state === 'enrolled' && isSilent && seenMs !== null ? (
        <p>{words.gatewayHealth.silentText(time.duration(nowMs - seenMs))}</p>
      ) : null}
      <Facts
        rows={[
          [
            words.gatewayHealth.lastHeard,
            seenMs === null ? words.door.never : `${time.ago(seenMs, nowMs)} (${time.full(seenMs)})`,
          ],
          [words.gatewayHealth.doors, gateway.doors.map((door) => app.doorName(door)).join(', ')],
          [
            words.gatewayHealth.clock,
            trust === null
              ? words.common.unknown
              : (words.auditor.clockTrusts[trust] ?? words.common.unknown),
          ],
          [
            words.gatewayHealth.policy,
            gateway.policyVersion === null
              ? words.common.unknown
              : words.gatewayHealth.policyVersion(gateway.policyVersion.toLocaleString(words.language.intl)),
          ],
          [
            words.gatewayHealth.journal,
            `${gateway.journalSize.toLocaleString(words.language.intl)}${
              lastRecordMs === 0
                ? ''
                : ` · ${time.inSentence(words.gatewayHealth.lastRecord)} ${time.ago(lastRecordMs, nowMs)}`
            }`,
          ],
          readers.length === 0
            ? null
            : [
                words.gatewayHealth.readers,
                readers
                  .map(
                    ([name, link]) =>
                      `${wordOf(words.door.readerNames, name)} ${words.door.readerStates[link]}`,
                  )
                  .join(', '),
              ],
        ]}
      />
    </article>
  );
}
