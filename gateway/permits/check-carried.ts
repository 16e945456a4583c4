import { carriedPolicySchema, type DateClaims } from '#contract/policy';
import type { RootBody } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import { verifyBody, verifyDate, walkTrust, type PolicyError, type PolicyTrust } from './verify-policy.ts';

/** What carried orders would bring. */
export interface CarriedReport {
  readonly date: DateClaims;
  readonly permits: number;
  /** Permits that too few approved: they open nothing. */
  readonly unapproved: number;
  readonly rootVersion: RootBody['v'];
}

/**
 * Looks at carried orders without taking them: everything is checked but whether newer ones are in force, which only
 * the gateway itself knows.
 * @see rule GP31
 */
export async function checkCarried(
  value: unknown,
  trust: PolicyTrust,
): Promise<Result<CarriedReport, PolicyError>> {
  const carried = carriedPolicySchema.safeParse(value);
  if (!carried.success) return err('malformed');
  const under = await walkTrust(trust, carried.data.roots);
  if (!under.ok) return under;
  const date = await verifyDate(carried.data.date, under.value);
  if (!date.ok) return date;
  const policy = await verifyBody(carried.data.body, date.value, under.value, null);
  if (!policy.ok) return policy;
  const { permits, unapproved } = policy.value;
  return ok({
    date: date.value,
    permits: permits.length,
    unapproved: unapproved.length,
    rootVersion: under.value.root.v,
  });
}
