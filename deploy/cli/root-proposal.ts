import { z } from 'zod';
import { encodeBase64Url } from '#contract/bytes';
import type { VerifyEd25519 } from '#contract/checkpoint';
import { PERMIT_CLASSES, type PermitClass } from '#contract/permit';
import {
  rootBodySchema,
  rootDocumentSchema,
  rootMessage,
  rootSigners,
  type Approver,
  type Role,
  type RootBody,
  type RootDocument,
} from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';

/** A root document on its way from one official to the next, with the chain that it goes on from. */
export const proposalSchema = z.strictObject({
  format: z.literal('palang-root-proposal/1'),
  chain: z.array(rootDocumentSchema),
  document: rootDocumentSchema,
});

export type Proposal = z.infer<typeof proposalSchema>;

/** A public key of an official. */
export interface OfficialKey {
  readonly kid: string;
  readonly publicKey: string;
}

/** What officials may change in one document. */
export interface RootChange {
  readonly addApprovers?: readonly Approver[];
  /** Persons whose passkeys count no more. */
  readonly removeApprovers?: readonly string[];
  /** New keys, each behind those that its role has. */
  readonly addKeys?: readonly { readonly role: Exclude<Role, 'root'>; readonly key: OfficialKey }[];
  /** Keys that end. */
  readonly retire?: readonly string[];
  readonly revoke?: readonly { readonly gw: string; readonly ep: number }[];
  /** Seconds by class. */
  readonly limits?: Readonly<Partial<Record<PermitClass, number>>>;
  readonly needs?: Readonly<Partial<Record<PermitClass, number>>>;
  readonly isWeak?: boolean;
  readonly rpId?: string;
  readonly officials?: { readonly keys: readonly OfficialKey[]; readonly threshold: number };
}

/** Why a change makes no root document. */
export type ChangeError =
  'unknown-approver' | 'unknown-key' | 'role-without-key' | 'threshold-out-of-reach' | 'not-a-root-document';

// In the order of the classes, because a document has one spelling.
const inOrder = <T>(values: Readonly<Partial<Record<PermitClass, T>>>): Partial<Record<PermitClass, T>> =>
  Object.fromEntries(
    PERMIT_CLASSES.flatMap((cls) => (values[cls] === undefined ? [] : [[cls, values[cls]]])),
  );

function changeRoles(
  before: RootBody,
  change: RootChange,
): Result<Pick<RootBody, 'keys' | 'roles'>, ChangeError> {
  const { addKeys = [], retire = [], officials } = change;
  const keys: Record<string, string> = { ...before.keys };
  const roles = structuredClone(before.roles);
  for (const kid of retire) if (!Object.hasOwn(keys, kid)) return err('unknown-key');
  for (const { role, key } of addKeys) {
    keys[key.kid] = key.publicKey;
    roles[role].keys = [...roles[role].keys, key.kid];
  }
  if (officials !== undefined) {
    for (const { kid, publicKey } of officials.keys) keys[kid] = publicKey;
    roles.root = { keys: officials.keys.map(({ kid }) => kid), threshold: officials.threshold };
  }
  for (const role of Object.values(roles)) role.keys = role.keys.filter((kid) => !retire.includes(kid));
  if (Object.values(roles).some(({ keys: kids }) => kids.length === 0)) return err('role-without-key');
  const named = new Set(Object.values(roles).flatMap((role) => role.keys));
  const kept = Object.fromEntries(Object.entries(keys).filter(([kid]) => named.has(kid)));
  const distinct = new Set(roles.root.keys.map((kid) => kept[kid])).size;
  return roles.root.threshold > distinct ? err('threshold-out-of-reach') : ok({ keys: kept, roles });
}

/** Writes the next root document, which nobody has signed yet. @param at ms since 1970 */
export function changeRoot(before: RootBody, change: RootChange, at: number): Result<RootBody, ChangeError> {
  const { addApprovers = [], removeApprovers = [] } = change;
  const changed = changeRoles(before, change);
  if (!changed.ok) return changed;
  const known = before.approvers ?? [];
  if (removeApprovers.some((by) => !known.some((each) => each.by === by))) return err('unknown-approver');
  const added = new Set(addApprovers.map(({ by, cid }) => `${by} ${cid}`));
  const approvers = [
    ...known.filter(({ by, cid }) => !removeApprovers.includes(by) && !added.has(`${by} ${cid}`)),
    ...addApprovers,
  ];
  const rp = change.rpId ?? before.approval?.rp;
  const needs = inOrder({ ...before.approval?.needs, ...change.needs });
  const isWeak = change.isWeak ?? before.approval?.weak === 'session';
  const maxLimits = inOrder({ ...before.maxLimits, ...change.limits });
  const revoked = [...(before.revoked ?? []), ...(change.revoke ?? [])];
  const { roles } = changed.value;
  const body = rootBodySchema.safeParse({
    site: before.site,
    v: before.v + 1,
    at,
    keys: changed.value.keys,
    roles,
    singleOfficial: roles.root.keys.length === 1,
    ...(approvers.length > 0 && { approvers }),
    approval: {
      ...(rp !== undefined && { rp }),
      ...(Object.keys(needs).length > 0 && { needs }),
      ...(isWeak && { weak: 'session' }),
    },
    ...(Object.keys(maxLimits).length > 0 && { maxLimits }),
    ...(revoked.length > 0 && { revoked }),
  });
  return body.success ? ok(body.data) : err('not-a-root-document');
}

/** Adds the signature of one official; the key must be one of the old officials, or of the new ones. */
export function signProposal(
  proposal: Proposal,
  publicKey: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): Result<Proposal, 'not-an-official'> {
  const { document, chain } = proposal;
  const key = encodeBase64Url(publicKey);
  const bodies = [document.root, ...chain.slice(-1).map(({ root }) => root)];
  const kid = bodies.flatMap((body) => body.roles.root.keys.filter((each) => body.keys[each] === key))[0];
  if (kid === undefined) return err('not-an-official');
  const sig = encodeBase64Url(sign(rootMessage(document.root)));
  const signatures = [...document.signatures.filter((each) => each.kid !== kid), { kid, sig }];
  return ok({ ...proposal, document: { ...document, signatures } });
}

/** How many signatures of old and of new officials a document has, and needs. */
export interface SignatureCount {
  readonly of: 'old' | 'new';
  readonly has: number;
  readonly needs: number;
}

/** Counts what is signed and what is still missing. */
export async function countSignatures(
  verify: VerifyEd25519,
  proposal: Proposal,
): Promise<readonly SignatureCount[]> {
  const { document, chain } = proposal;
  const before: RootDocument | undefined = chain.at(-1);
  const count = async (of: 'old' | 'new', authority: RootBody): Promise<SignatureCount> => ({
    of,
    has: await rootSigners(verify, document, authority),
    needs: authority.roles.root.threshold,
  });
  return [
    ...(before === undefined ? [] : [await count('old', before.root)]),
    await count('new', document.root),
  ];
}

const namesOf = (approvers: readonly Approver[] = []): readonly string[] =>
  approvers.map(
    ({ by, cid, doors }) =>
      `${by} with passkey ${cid.slice(0, 8)}${doors === undefined ? '' : ` for ${doors.join(', ')}`}`,
  );

const listOf = (values: Readonly<Partial<Record<PermitClass, number | undefined>>> = {}): string =>
  Object.entries(values)
    .map(([cls, value]) => `${cls} ${value}`)
    .join(', ');

/** Says in words what a root document says, and what is new in it: an official reads this before signing. */
export function describeRoot(root: RootBody, before: RootBody | null): readonly string[] {
  const lines = (body: RootBody): readonly string[] => [
    `officials   ${body.roles.root.threshold} of ${body.roles.root.keys.length}: ${body.roles.root.keys.join(', ')}`,
    ...(['issuer', 'fresh', 'log'] as const).map(
      (role) => `${role.padEnd(11)} ${body.roles[role].keys.join(', ')}`,
    ),
    ...namesOf(body.approvers).map((name) => `approver    ${name}`),
    `approvals   ${listOf(body.approval?.needs) || 'one approver'}; passkeys of ${body.approval?.rp ?? 'no host'}`,
    ...(body.approval?.weak === 'session' ? ['approvals   WEAKER SETTING: a signed-in session counts'] : []),
    ...(body.maxLimits === undefined ? [] : [`limits      ${listOf(body.maxLimits)} (seconds)`]),
    ...(body.revoked ?? []).map(({ gw, ep }) => `revoked     ${gw}, epoch ${ep}`),
  ];
  const old = new Set(before === null ? [] : lines(before));
  const now = lines(root);
  return [
    `site        ${root.site}, version ${root.v}`,
    ...now.map((line) => (before === null || old.has(line) ? `  ${line}` : `+ ${line}`)),
    ...[...old].filter((line) => !now.includes(line)).map((line) => `- ${line}`),
  ];
}
