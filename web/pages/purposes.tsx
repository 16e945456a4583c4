import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { PurposeDetail } from '#contract/api-visit';
import { purposeDetails, savePurpose, type PurposeInput } from '../api-places.ts';
import { useApp, useMe, useWords } from '../app-state.ts';
import { ActSheet } from '../parts/act-sheet.tsx';
import { Button } from '../parts/button.tsx';
import { Chip } from '../parts/chip.tsx';
import { Icon } from '../parts/icon.tsx';
import { CheckField, SelectField, TextField } from '../parts/inputs.tsx';
import { ListOf } from '../parts/list-of.tsx';
import { Notice } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PlacesTabs } from '../parts/places-tabs.tsx';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

const FLAGS = [
  'needsEscort',
  'needsTwoPersons',
  'needsChangeNumber',
  'needsMinutes',
  'isFastTrack',
  'isActive',
] as const;

/** Why somebody may want to enter, and what each purpose asks for. */
export function PurposesPage(): JSX.Element {
  const app = useApp();
  const me = useMe();
  const words = useWords();
  const desk = useDeskWords();
  const purposes = useLoad('purposes', () => purposeDetails(app.api));
  const [asked, setAsked] = useState<{ readonly purpose: PurposeDetail | null } | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const mayWrite = me.roles.includes('administrator');
  const nameOf = (purpose: PurposeDetail): string =>
    app.language.value === 'id' ? purpose.nameId : purpose.nameEn;
  return (
    <Page
      title={desk.places.title}
      lead={desk.places.lead}
      primary={
        mayWrite ? (
          <Button kind="primary" icon="plus" onClick={() => setAsked({ purpose: null })}>
            {desk.places.addPurpose}
          </Button>
        ) : undefined
      }
    >
      <PlacesTabs current="/places/purposes" />
      {said === null ? null : <Notice tone="granted" title={said} isAnswer />}
      <ListOf
        load={purposes}
        icon="list"
        empty={desk.places.purposesEmpty}
        emptyHint={desk.places.emptyText}
        row={(purpose) => (
          <div key={purpose.code} class="row">
            <span class="row-icon">
              <Icon name={purpose.group} />
            </span>
            <span class="row-main">
              <span class="strong">{nameOf(purpose)}</span>
              <span class="soft small">
                <span class="mono">{purpose.code}</span> · {words.purposeGroups[purpose.group]} ·{' '}
                {desk.places.hoursOf(purpose.maxHours)} · {desk.places.approvalsOf(purpose.approvals)}
              </span>
              <span class="soft small">
                {FLAGS.filter((flag) => flag !== 'isActive' && purpose[flag])
                  .map((flag) => desk.places[flag])
                  .join(' · ')}
              </span>
            </span>
            {purpose.isActive ? null : (
              <Chip tone="neutral" icon="ban">
                {desk.places.inactive}
              </Chip>
            )}
            {mayWrite ? (
              <Button label={`${desk.common.edit}: ${nameOf(purpose)}`} onClick={() => setAsked({ purpose })}>
                {desk.common.edit}
              </Button>
            ) : null}
          </div>
        )}
      />
      {asked === null ? null : (
        <PurposeSheet
          purpose={asked.purpose}
          onDone={(name) => {
            setAsked(null);
            setSaid(desk.places.saved(name));
            void purposes.reload();
            void app.refreshPlaces();
          }}
          onClose={() => setAsked(null)}
        />
      )}
    </Page>
  );
}

const NEW_PURPOSE: PurposeInput = {
  group: 'other',
  nameId: '',
  nameEn: '',
  maxHours: 2,
  approvals: 1,
  needsChangeNumber: false,
  needsEscort: false,
  needsTwoPersons: false,
  needsMinutes: false,
  isFastTrack: false,
  equipment: [],
  checklist: [],
  closing: [],
  isActive: true,
};

/** A key that people never see: the number of the item, behind those that are taken. */
const nextKey = (items: readonly { readonly key: string }[]): string => {
  const taken = new Set(items.map(({ key }) => key));
  let number = items.length + 1;
  while (taken.has(`item-${number}`)) number++;
  return `item-${number}`;
};

function PurposeSheet(props: {
  readonly purpose: PurposeDetail | null;
  readonly onDone: (name: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords();
  const [code, setCode] = useState(props.purpose?.code ?? '');
  const [draft, setDraft] = useState<PurposeInput>(() => {
    if (props.purpose === null) return NEW_PURPOSE;
    const { code: _code, ...rest } = props.purpose;
    return rest;
  });
  const set = (change: Partial<PurposeInput>): void => setDraft({ ...draft, ...change });
  return (
    <ActSheet
      title={props.purpose === null ? desk.places.addPurpose : desk.places.editPurpose}
      confirm={desk.common.save}
      act={() =>
        savePurpose(app.api, code, {
          ...draft,
          equipment: draft.equipment.map((line) => line.trim()).filter((line) => line !== ''),
        })
      }
      onDone={(saved) => props.onDone(app.language.value === 'id' ? saved.nameId : saved.nameEn)}
      onClose={props.onClose}
    >
      {(faultOf) => (
        <>
          {props.purpose === null ? (
            <TextField
              label={desk.places.code}
              hint={desk.places.codeHint}
              fault={faultOf('/code')}
              value={code}
              onValue={(value) => setCode(value.toUpperCase())}
              pattern="[A-Z][A-Z0-9\-]{1,15}"
              isMono
              isRequired
            />
          ) : null}
          <SelectField
            label={desk.places.group}
            value={draft.group}
            onValue={(value) => set({ group: value as PurposeInput['group'] })}
            options={Object.entries(words.purposeGroups)}
          />
          <TextField
            label={desk.places.nameId}
            fault={faultOf('/nameId')}
            value={draft.nameId}
            onValue={(nameId) => set({ nameId })}
            maxLength={120}
            isRequired
          />
          <TextField
            label={desk.places.nameEn}
            fault={faultOf('/nameEn')}
            value={draft.nameEn}
            onValue={(nameEn) => set({ nameEn })}
            maxLength={120}
            isRequired
          />
          <div class="field-pair">
            <TextField
              label={desk.places.maxHours}
              fault={faultOf('/maxHours')}
              type="number"
              min={1}
              max={24}
              value={String(draft.maxHours)}
              onValue={(value) => set({ maxHours: Number(value) })}
              isRequired
            />
            <SelectField
              label={desk.places.approvals}
              value={String(draft.approvals)}
              onValue={(value) => set({ approvals: value === '2' ? 2 : 1 })}
              options={(['1', '2'] as const).map((n) => [n, desk.places.approvalsOf(Number(n))] as const)}
            />
          </div>
          <div>
            {FLAGS.map((flag) => (
              <CheckField
                key={flag}
                label={desk.places[flag]}
                isOn={draft[flag]}
                onChange={(isOn) => set({ [flag]: isOn })}
              />
            ))}
          </div>
          <TextField
            label={desk.places.equipment}
            hint={desk.places.equipmentHint}
            fault={faultOf('/equipment')}
            value={draft.equipment.join('\n')}
            onValue={(text) => set({ equipment: text === '' ? [] : text.split('\n') })}
            rows={3}
          />
          <Items
            title={desk.places.checklist}
            items={draft.checklist}
            onItems={(checklist) => set({ checklist })}
            add={() =>
              set({
                checklist: [...draft.checklist, { key: nextKey(draft.checklist), nameId: '', nameEn: '' }],
              })
            }
          />
          <Items
            title={desk.places.closing}
            items={draft.closing}
            onItems={(closing) => set({ closing })}
            add={() =>
              set({
                closing: [
                  ...draft.closing,
                  { key: nextKey(draft.closing), kind: 'text', nameId: '', nameEn: '' },
                ],
              })
            }
          />
        </>
      )}
    </ActSheet>
  );
}

interface Item {
  readonly key: string;
  readonly nameId: string;
  readonly nameEn: string;
}

function Items<T extends Item>(props: {
  readonly title: string;
  readonly items: readonly T[];
  readonly onItems: (items: T[]) => void;
  readonly add: () => void;
}): JSX.Element {
  const desk = useDeskWords();
  const { items, onItems, title } = props;
  return (
    <details class="fold">
      <summary>
        <span class="row-main">
          <span class="strong">
            {title}
            <span class="count">{items.length}</span>
          </span>
        </span>
        <Icon name="chevronDown" />
      </summary>
      <div class="fold-text">
        {items.map((item, index) => (
          <fieldset key={item.key} class="form-line">
            <legend class="strong">{desk.places.item(index + 1)}</legend>
            <TextField
              label={desk.places.nameId}
              value={item.nameId}
              onValue={(nameId) => onItems(items.with(index, { ...item, nameId }))}
              maxLength={120}
              isRequired
            />
            <TextField
              label={desk.places.nameEn}
              value={item.nameEn}
              onValue={(nameEn) => onItems(items.with(index, { ...item, nameEn }))}
              maxLength={120}
              isRequired
            />
            {'kind' in item ? (
              <SelectField
                label={desk.places.closingKind}
                value={String(item.kind)}
                onValue={(kind) => onItems(items.with(index, { ...item, kind }))}
                options={Object.entries(desk.places.closingKinds)}
              />
            ) : null}
            <Button
              kind="quiet"
              icon="cross"
              onClick={() => onItems(items.filter(({ key }) => key !== item.key))}
            >
              {desk.sop.remove(desk.places.item(index + 1))}
            </Button>
          </fieldset>
        ))}
        <Button icon="plus" onClick={props.add}>
          {desk.sop.addLine}
        </Button>
      </div>
    </details>
  );
}
