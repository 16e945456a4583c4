import { hash, verify } from '@node-rs/argon2';

// 19 MiB, two passes, one lane: the OWASP minimum for argon2id, about 50 ms on a small server. The number names
// argon2id: the enum of the package is a const one, which does not survive compilation file by file.
const OPTIONS = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes a password with argon2id. */
export const hashPassword = (password: string): Promise<string> => hash(password, OPTIONS);

/** Checks passwords; unknown names cost as much time as known ones. */
export interface PasswordCheck {
  /** @param stored the stored hash, or null where nobody has that name */
  isRight(stored: string | null, password: string): Promise<boolean>;
}

/** Makes the check, with a hash of its own for names that nobody has. */
export async function createPasswordCheck(randomText: string): Promise<PasswordCheck> {
  const nobody = await hashPassword(randomText);
  return {
    isRight: async (stored, password) => {
      const isRight = await verify(stored ?? nobody, password);
      return isRight && stored !== null;
    },
  };
}
