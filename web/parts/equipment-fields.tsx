import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';
import { useRequestWords } from '../use-request-words.ts';
import { NEW_ITEM, type EquipmentDraft } from '../visit-wish.ts';
import { BarcodeSheet, canScanBarcodes } from './barcode-sheet.tsx';
import { Button } from './button.tsx';
import { Field } from './field.tsx';
import { CheckField, SelectField, TextField } from './inputs.tsx';

const MAX_ITEMS = 50;
const MOVEMENTS = ['in', 'out', 'stays'] as const;

/** What is brought along or taken away, one box an item. */
export function EquipmentFields(props: {
  readonly items: readonly EquipmentDraft[];
  /** What is usual for the purpose. */
  readonly usual: readonly string[];
  readonly onItems: (items: readonly EquipmentDraft[]) => void;
}): JSX.Element {
  const words = useRequestWords();
  const { items, usual, onItems } = props;
  const listId = useId();
  const [scanned, setScanned] = useState<number | null>(null);
  const change = (at: number, changes: Partial<EquipmentDraft>): void =>
    onItems(items.map((item, each) => (each === at ? { ...item, ...changes } : item)));

  return (
    <>
      <datalist id={listId}>
        {usual.map((kind) => (
          <option key={kind} value={kind} />
        ))}
      </datalist>
      {items.map((item, at) => (
        <fieldset key={at} class="item-box">
          <legend>{words.item(at + 1)}</legend>
          <div class="field-pair">
            <Field label={words.itemKind}>
              {(links) => (
                <input
                  {...links}
                  list={listId}
                  maxLength={60}
                  autocomplete="off"
                  value={item.kind}
                  onInput={(event) => change(at, { kind: event.currentTarget.value })}
                />
              )}
            </Field>
            <TextField
              label={words.itemBrand}
              maxLength={80}
              value={item.brand}
              onValue={(brand) => change(at, { brand })}
            />
          </div>
          <TextField
            label={words.itemSerial}
            maxLength={80}
            isMono
            value={item.serial}
            onValue={(serial) => change(at, { serial })}
          />
          {canScanBarcodes() ? (
            <Button icon="qr" onClick={() => setScanned(at)}>
              {words.scan}
            </Button>
          ) : null}
          <SelectField
            label={words.itemMovement}
            value={item.movement}
            onValue={(value) => {
              const movement = MOVEMENTS.find((each) => each === value);
              if (movement !== undefined) change(at, { movement });
            }}
            options={MOVEMENTS.map((each) => [each, words.movements[each]] as const)}
          />
          <CheckField
            label={words.isStorage}
            isOn={item.isStorage}
            onChange={(isStorage) => change(at, { isStorage })}
          />
          <Button onClick={() => onItems(items.filter((_, each) => each !== at))}>{words.removeItem}</Button>
        </fieldset>
      ))}
      {items.length >= MAX_ITEMS ? null : (
        <Button
          icon="plus"
          // The first kind that is usual and not named yet saves typing it.
          onClick={() =>
            onItems([
              ...items,
              { ...NEW_ITEM, kind: usual.find((kind) => items.every((item) => item.kind !== kind)) ?? '' },
            ])
          }
        >
          {words.addItem}
        </Button>
      )}
      {scanned === null ? null : (
        <BarcodeSheet
          onCode={(serial) => {
            change(scanned, { serial: serial.slice(0, 80) });
            setScanned(null);
          }}
          onClose={() => setScanned(null)}
        />
      )}
    </>
  );
}
