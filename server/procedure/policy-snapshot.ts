import type { PolicySnapshot } from '#contract/policy';
import { inTransaction } from '../store/database.ts';
import { saveGatewaySeen, type Gateway } from '../store/gateways.ts';
import { loadPermitDocuments } from '../store/permits.ts';
import { hasCommands } from './commands.ts';
import { renewPolicy } from './renew-policy.ts';
import type { Site } from './site.ts';

/**
 * Gives a gateway what counts now: a heartbeat bound to its nonce, and the signed documents where it does not
 * hold this version.
 */
export async function policySnapshot(
  site: Site,
  gateway: Gateway,
  asked: { readonly have: number; readonly nonce: string },
): Promise<PolicySnapshot> {
  const now = site.clock.epochMs();
  const { policy, permits, waiting } = await inTransaction(site.db, async (trx) => {
    const current = await renewPolicy(trx, site, now);
    await saveGatewaySeen(trx, gateway.id, now, asked.have === 0 ? null : asked.have);
    const documents = asked.have === current.version ? [] : await loadPermitDocuments(trx, current.members);
    return { policy: current, permits: documents, waiting: await hasCommands(trx, gateway.id, now) };
  });
  const heartbeat = await site.signer.signHeartbeat({
    iss: site.signer.issuer,
    aud: site.id,
    gw: gateway.id,
    nonce: asked.nonce,
    t: now,
    v: policy.version,
    mh: policy.manifestHash,
  });
  const orders = waiting ? { hasCommands: true } : {};
  if (asked.have === policy.version) return { heartbeat, ...orders };
  const { manifest, directory } = policy;
  return { heartbeat, body: { manifest, directory, permits: [...permits] }, ...orders };
}
