import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { SopContent } from '#contract/api-sop';
import { createSop, findSop, saveDraft } from '../api-sop.ts';
import { useApp, useWords } from '../app-state.ts';
import { Button } from '../parts/button.tsx';
import { CheckField, TextField } from '../parts/inputs.tsx';
import { ProblemNotice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Skeleton } from '../parts/skeleton.tsx';
import type { PageProps } from '../page-props.ts';
import { useAct } from '../use-act.ts';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

interface Both {
  readonly id: string;
  readonly en: string;
}
type Step = SopContent['steps'][number];

const NOTHING: Both = { id: '', en: '' };
const EMPTY_STEP: Step = {
  activity: NOTHING,
  executor: NOTHING,
  completeness: NOTHING,
  minutes: 5,
  output: NOTHING,
};
const EMPTY: SopContent = {
  title: NOTHING,
  approver: NOTHING,
  unit: NOTHING,
  purpose: NOTHING,
  scope: NOTHING,
  legalBasis: [],
  executorQualifications: [],
  linkedSops: [],
  equipment: [],
  warning: NOTHING,
  recording: NOTHING,
  steps: [EMPTY_STEP],
  houseRules: [],
};

/** The form in which a procedure is written, in the layout of government procedures and both languages. */
export function SopNewPage(): JSX.Element {
  return <SopForm id={null} version={null} first={EMPTY} />;
}

/** The draft of a procedure, or the beginning of its next version from the newest text. */
export function SopEditPage({ params }: PageProps): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const id = params['id'] ?? '';
  const sop = useLoad(`sop ${id}`, () => findSop(app.api, id));
  const newest = sop.data?.versions[0];
  if (newest === undefined) {
    return (
      <Page title={desk.sop.editTitle} back={{ href: `/sop/${id}`, label: desk.sop.title }}>
        {sop.problem === undefined ? (
          <Skeleton rows={5} />
        ) : (
          <ProblemNotice problem={sop.problem} onRetry={() => void sop.reload()} />
        )}
      </Page>
    );
  }
  const draft = newest.state === 'draft' ? newest.version : null;
  return <SopForm id={id} version={draft} first={newest.content} />;
}

const TEXTS = ['title', 'approver', 'unit', 'purpose', 'scope'] as const;
const LISTS = ['legalBasis', 'executorQualifications', 'linkedSops', 'equipment', 'houseRules'] as const;
const CLOSING_TEXTS = ['warning', 'recording'] as const;
const STEP_TEXTS = ['activity', 'executor', 'completeness', 'output'] as const;

function SopForm(props: {
  readonly id: string | null;
  readonly version: number | null;
  readonly first: SopContent;
}): JSX.Element {
  const app = useApp();
  const desk = useDeskWords();
  const { route } = useLocation();
  const { isBusy, problem, run } = useAct();
  const [content, setContent] = useState<SopContent>(props.first);
  const [id, setId] = useState('');
  const [number, setNumber] = useState('');
  const [isForEntry, setIsForEntry] = useState(false);
  const set = (change: Partial<SopContent>): void => setContent({ ...content, ...change });
  const back = props.id === null ? '/sop' : `/sop/${props.id}`;
  const words = useWords();
  const faultOf = (pointer: string): string | undefined =>
    problem?.pointers.some((each) => each === pointer || each.startsWith(`${pointer}/`)) === true
      ? words.problems['invalid-input'].title
      : undefined;

  async function save(): Promise<void> {
    const done = await run(() =>
      props.id === null
        ? createSop(app.api, { id: id.trim(), number: number.trim(), isForEntry, content })
        : saveDraft(app.api, props.id, props.version, content),
    );
    if (done !== null) route(`/sop/${done.value.id}?v=${done.value.newestVersion}`);
  }

  const nameOf = (part: (typeof TEXTS)[number]): string =>
    part === 'title' ? desk.sop.titleField : desk.sop[part];
  return (
    <Page
      title={props.id === null ? desk.sop.new : desk.sop.editTitle}
      lead={desk.sop.editLead}
      back={{ href: back, label: desk.sop.title }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {props.id === null ? (
          <section class="block card">
            <h2>{desk.sop.head}</h2>
            <TextField
              label={desk.sop.id}
              hint={desk.sop.idHint}
              fault={faultOf('/id')}
              value={id}
              onValue={setId}
              pattern="[a-z0-9]([a-z0-9\-]{0,62}[a-z0-9])?"
              isMono
              isRequired
            />
            <TextField
              label={desk.sop.number}
              fault={faultOf('/number')}
              value={number}
              onValue={setNumber}
              maxLength={80}
              isRequired
            />
            <CheckField label={desk.sop.isForEntry} isOn={isForEntry} onChange={setIsForEntry} />
          </section>
        ) : null}
        {TEXTS.map((part) => (
          <BothFields
            key={part}
            label={nameOf(part)}
            fault={faultOf(`/content/${part}`)}
            value={content[part]}
            onValue={(value) => set({ [part]: value })}
            rows={part === 'purpose' || part === 'scope' ? 3 : undefined}
            maxLength={part === 'purpose' || part === 'scope' ? 1500 : 200}
          />
        ))}
        <StepsPart steps={content.steps} onSteps={(steps) => set({ steps })} />
        {LISTS.map((part) => (
          <ListPart
            key={part}
            label={desk.sop[part]}
            lines={content[part]}
            onLines={(lines) => set({ [part]: lines })}
          />
        ))}
        {CLOSING_TEXTS.map((part) => (
          <BothFields
            key={part}
            label={desk.sop[part]}
            fault={faultOf(`/content/${part}`)}
            value={content[part]}
            onValue={(value) => set({ [part]: value })}
            rows={3}
            maxLength={1500}
          />
        ))}
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div class="page-primary">
          <Button kind="primary" type="submit" icon="check" isBusy={isBusy}>
            {desk.sop.saveDraft}
          </Button>
        </div>
      </form>
    </Page>
  );
}

function BothFields(props: {
  readonly label: string;
  readonly value: Both;
  readonly onValue: (value: Both) => void;
  readonly rows?: number | undefined;
  readonly maxLength: number;
  readonly fault?: string | undefined;
}): JSX.Element {
  const desk = useDeskWords();
  const { label, value, onValue } = props;
  const shared = {
    maxLength: props.maxLength,
    fault: props.fault,
    isRequired: true,
    ...(props.rows === undefined ? {} : { rows: props.rows }),
  };
  return (
    <div class="both-fields">
      <TextField
        {...shared}
        label={desk.sop.inIndonesian(label)}
        language="id"
        value={value.id}
        onValue={(id) => onValue({ ...value, id })}
      />
      <TextField
        {...shared}
        label={desk.sop.inEnglish(label)}
        language="en"
        value={value.en}
        onValue={(en) => onValue({ ...value, en })}
      />
    </div>
  );
}

function ListPart(props: {
  readonly label: string;
  readonly lines: readonly Both[];
  readonly onLines: (lines: Both[]) => void;
}): JSX.Element {
  const desk = useDeskWords();
  const { label, lines, onLines } = props;
  return (
    <section class="block card">
      <h2>{label}</h2>
      {lines.map((line, index) => (
        // Lines have no names of their own: what is typed stays with its place.
        <div key={index} class="form-line">
          <BothFields
            label={desk.sop.lineOf(label, index + 1)}
            value={line}
            onValue={(value) => onLines(lines.with(index, value))}
            maxLength={600}
            rows={2}
          />
          <Button
            kind="quiet"
            icon="cross"
            onClick={() => onLines(lines.filter((_line, each) => each !== index))}
          >
            {desk.sop.remove(desk.sop.lineOf(label, index + 1))}
          </Button>
        </div>
      ))}
      <Button icon="plus" onClick={() => onLines([...lines, NOTHING])}>
        {desk.sop.addLine}
      </Button>
    </section>
  );
}

function StepsPart(props: {
  readonly steps: readonly Step[];
  readonly onSteps: (steps: Step[]) => void;
}): JSX.Element {
  const desk = useDeskWords();
  const { steps, onSteps } = props;
  return (
    <section class="block card">
      <h2>{desk.sop.steps}</h2>
      {steps.map((step, index) => (
        <fieldset key={index} class="form-line">
          <legend class="strong">{desk.sop.stepNumber(index + 1)}</legend>
          {STEP_TEXTS.map((part) => (
            <BothFields
              key={part}
              label={desk.sop[part]}
              value={step[part]}
              onValue={(value) => onSteps(steps.with(index, { ...step, [part]: value }))}
              maxLength={part === 'executor' ? 120 : part === 'activity' ? 600 : 300}
            />
          ))}
          <div class="input-short">
            <TextField
              label={desk.sop.minutes}
              type="number"
              min={0}
              max={100_000}
              value={String(step.minutes)}
              onValue={(value) => onSteps(steps.with(index, { ...step, minutes: Number(value) }))}
              isRequired
            />
          </div>
          {steps.length === 1 ? null : (
            <Button
              kind="quiet"
              icon="cross"
              onClick={() => onSteps(steps.filter((_step, each) => each !== index))}
            >
              {desk.sop.remove(desk.sop.stepNumber(index + 1))}
            </Button>
          )}
        </fieldset>
      ))}
      <Button icon="plus" onClick={() => onSteps([...steps, EMPTY_STEP])}>
        {desk.sop.addStep}
      </Button>
    </section>
  );
}
