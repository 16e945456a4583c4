/** A key of a twelve-key pad; `*` is `clear`, `#` is `enter`. */
export type Key = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | 'clear' | 'enter';

const keys: readonly Key[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'clear', 'enter'];

/** The key with this number as keypads count them: 0-9, 10 = `*`, 11 = `#`. */
export const keyAt = (index: number): Key | undefined => keys[index];

/**
 * Tells a key that a PIN entry takes from the function keys that bigger pads (OSDP) have beside them.
 * @see RULES.md KP1
 */
export const isPinKey = (key: string): key is Key => keys.some((known) => known === key);
