import { err, ok, type Result } from '#contract/result';

/** Why a password is too easy: `common` is one of those that are tried first, `name` holds whose it is. */
export type PasswordFault = 'short' | 'long' | 'common' | 'name' | 'repeated';

export const MIN_PASSWORD_LENGTH = 10;
export const MAX_PASSWORD_LENGTH = 256;

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** The forms in which a word is looked for: as it is, without what people put at its ends, and with letters for signs. */
function formsOf(password: string): readonly string[] {
  const plain = password.normalize('NFKC').toLowerCase().replaceAll(/\s/g, '');
  const bare = plain.replace(/^[^a-z]+/, '').replace(/[^a-z]+$/, '');
  const read = (text: string): string => [...text].map((letter) => LEET[letter] ?? letter).join('');
  const unsigned = plain.replace(/^[^a-z0-9]+/, '').replace(/[^a-z0-9]+$/, '');
  const forms = [plain, bare, read(plain), read(unsigned), read(bare)];
  return [...new Set(forms)].filter((form) => form.length > 0);
}

/** Counts different characters that are not neighbours in a run such as `abcd` or `1234`. */
function isMonotonous(password: string): boolean {
  const letters = [...password.toLowerCase()];
  const steps = letters
    .slice(1)
    .map((letter, at) => (letter.codePointAt(0) ?? 0) - (letters[at]?.codePointAt(0) ?? 0));
  const even = steps.filter((step) => step === 0 || step === 1 || step === -1).length;
  return new Set(letters).size < 5 || even > 0.7 * steps.length;
}

/**
 * Judges a new password. Length counts most; no mix of signs is asked for, because it makes people write `P@ssw0rd1`.
 * @param isCommon tells whether a word in small letters is on the list of those that are tried first
 * @param names words that say whose it is: the name to sign in with and the parts of the person's own
 * @see rule SD76
 */
export function checkPassword(
  password: string,
  { isCommon, names }: { readonly isCommon: (word: string) => boolean; readonly names: readonly string[] },
): Result<null, PasswordFault> {
  if (password.length < MIN_PASSWORD_LENGTH) return err('short');
  if (password.length > MAX_PASSWORD_LENGTH) return err('long');
  const forms = formsOf(password);
  if (forms.some(isCommon)) return err('common');
  if (isMonotonous(password)) return err('repeated');
  const words = names
    .flatMap((name) => name.toLowerCase().split(/[^a-z0-9]+/))
    .filter(({ length }) => length >= 4);
  // What is left when the name is taken out has to stand by itself.
  const holdsName = words.some((word) =>
    forms.some((form) => form.includes(word) && form.replaceAll(word, '').length < MIN_PASSWORD_LENGTH - 2),
  );
  return holdsName ? err('name') : ok(null);
}
