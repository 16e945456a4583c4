import type { JSX } from 'preact';
import type { Trust } from '#contract/api-passkey';
import { siteTrust } from '../api-sign-in.ts';
import { useApp } from '../app-state.ts';
import { Chip } from '../parts/chip.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { Loaded } from '../parts/list-of.tsx';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';
import type { DeskWords } from '../words/desk-id.ts';

type CeremonyName = keyof DeskWords['keys']['list'];
type Place = keyof DeskWords['keys']['places'];

interface Step {
  readonly where: Place;
  /** What is run there; null where a person does something else. */
  readonly command: string | null;
}

const sign = (file: string): string => `palang root sign ${file} --key /media/usb/NAMA.key`;

/** The commands of each ceremony, in the order of its words. `NAMA` stands for the official's own file. */
function stepsOf(name: CeremonyName, version: number): readonly Step[] {
  const next = `root-${version + 1}.json`;
  const propose = (change: string): Step => ({
    where: 'server',
    command: `palang root propose ${change} --out ${next}`,
  });
  const signed: Step = { where: 'official', command: sign(next) };
  const published: Step = { where: 'server', command: `palang root publish ${next}` };
  switch (name) {
    case 'handover':
      return [
        { where: 'official', command: 'palang root key --out /media/usb/NAMA.key' },
        propose('--keys SATU.key.pub DUA.key.pub TIGA.key.pub --threshold 2'),
        signed,
        { where: 'server', command: `palang root sign ${next} --key $PALANG_KEYS_DIR/root-1.pem` },
        published,
        { where: 'server', command: 'palang root show' },
      ];
    case 'passkeys':
      return [
        propose(`--rp-id ${location.hostname}`),
        { where: 'app', command: null },
        propose('--add-approver ENTRI.json --weak-approvals off'),
        signed,
        published,
      ];
    case 'rotate':
      return [propose('--rotate issuer'), signed, published, propose('--retire issuer-1')];
    case 'gateway':
      return [
        { where: 'app', command: null },
        {
          where: 'gateway',
          command: `palang enrol --server ${location.origin} --token TOKEN --config GERBANG.yaml`,
        },
        { where: 'gateway', command: null },
        { where: 'app', command: null },
      ];
    case 'stolen':
      return [propose('--revoke-gateway GERBANG/1'), signed, published];
  }
}

type State = 'done' | 'todo' | 'when';

const stateOf = (name: CeremonyName, trust: Trust, waiting: number): State => {
  if (name === 'handover') return trust.isSingleOfficial ? 'todo' : 'done';
  if (name === 'passkeys') return trust.isWeakApprovalAllowed ? 'todo' : 'done';
  return name === 'gateway' && waiting > 0 ? 'todo' : 'when';
};

/** Who is trusted with what as it stands, and each ceremony step by step with its commands. */
export function KeysPage(): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const trust = useLoad('trust', () => siteTrust(app.api));
  const gateways = useLoad('gateways', () => app.api.gateways());
  const waiting = (gateways.data?.items ?? []).filter(({ state }) => state === 'waiting').length;
  const enrolled = (gateways.data?.items ?? []).filter(({ state }) => state === 'enrolled').length;
  return (
    <Page title={desk.keys.title} lead={desk.keys.lead}>
      <section class="block">
        <h2>{desk.keys.now}</h2>
        <Loaded load={trust} rows={4}>
          {(data) => <TrustNow trust={data} gateways={desk.keys.gatewaysOf(enrolled, waiting)} />}
        </Loaded>
      </section>
      <section class="block">
        <h2>{desk.keys.ceremonies}</h2>
        {(Object.keys(desk.keys.list) as CeremonyName[]).map((name) => (
          <Ceremony
            key={name}
            name={name}
            version={trust.data?.version ?? 1}
            state={trust.data === undefined ? 'when' : stateOf(name, trust.data, waiting)}
          />
        ))}
      </section>
    </Page>
  );
}

function TrustNow(props: { readonly trust: Trust; readonly gateways: string }): JSX.Element {
  const desk = useDeskWords();
  const { trust } = props;
  return (
    <>
      {trust.isSingleOfficial ? (
        <Notice tone="waiting" icon="alarm" title={desk.keys.single}>
          <p>{desk.keys.singleText}</p>
        </Notice>
      ) : null}
      {trust.isWeakApprovalAllowed ? (
        <Notice tone="waiting" icon="alarm" title={desk.keys.weak}>
          <p>{desk.keys.weakText}</p>
        </Notice>
      ) : null}
      <div class="card">
        <Facts
          rows={[
            [desk.keys.version, desk.keys.versionOf(trust.version)],
            [
              desk.keys.fingerprint,
              <>
                <span class="mono hash">{trust.fingerprint}</span>
                <br />
                <span class="soft small">{desk.keys.fingerprintHint}</span>
              </>,
            ],
            [desk.keys.officials, desk.keys.officialsOf(trust.officials, trust.threshold)],
            [desk.keys.approvals, trust.isWeakApprovalAllowed ? desk.keys.weak : desk.keys.strong],
            [
              desk.keys.relyingParty,
              trust.relyingParty === null ? (
                desk.keys.noRelyingParty
              ) : (
                <span class="mono">{trust.relyingParty}</span>
              ),
            ],
            [desk.keys.approvers, desk.keys.approversOf(trust.approvers.length)],
            [desk.keys.gateways, props.gateways],
          ]}
        />
      </div>
    </>
  );
}

function Ceremony(props: {
  readonly name: CeremonyName;
  readonly version: number;
  readonly state: State;
}): JSX.Element {
  const desk = useDeskWords();
  const words = desk.keys.list[props.name];
  const steps = stepsOf(props.name, props.version);
  return (
    <details class="fold ceremony">
      <summary>
        <span class="row-main">
          <span class="strong">{words.title}</span>
          <span class="soft small">{words.text}</span>
        </span>
        <Chip
          tone={props.state === 'done' ? 'granted' : props.state === 'todo' ? 'waiting' : 'neutral'}
          icon={props.state === 'done' ? 'check' : props.state === 'todo' ? 'hourglass' : 'info'}
        >
          {desk.keys[props.state]}
        </Chip>
        <Icon name="chevronDown" />
      </summary>
      <ol class="fold-text sop-steps">
        {words.steps.map((text, index) => {
          const step = steps[index];
          return (
            <li key={text}>
              <span class="step-number" aria-hidden="true">
                {index + 1}
              </span>
              <div class="stack">
                <p>{text}</p>
                {step === undefined ? null : (
                  <p class="soft small">
                    {desk.keys.where}: {desk.keys.places[step.where]}
                  </p>
                )}
                {step === undefined || step.command === null ? null : (
                  <div class="command">
                    <pre class="token" tabIndex={0} aria-label={text}>
                      {step.command}
                    </pre>
                    <CopyButton text={step.command} label={desk.keys.copyOf(step.command)} />
                  </div>
                )}
              </div>
            </li>
          );
        })}
      </ol>
    </details>
  );
}
