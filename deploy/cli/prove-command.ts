import { existsSync, writeFileSync } from 'node:fs';
import { decodeEventId, encodeEventProof, verifyEventProof, type ProveError } from '#contract/event-proof';
import { hmacSha256, sha256, verifyEd25519 } from '../../server/signing/node-crypto.ts';
import { loadLocalEvidence } from './local-evidence.ts';
import { createCommand, EXIT, JSON_OPTION, UnusableInput } from './program.ts';
import { readBundle } from './read-bundle.ts';

/** Why no proof can be made. */
export const PROVE_WORDS: Readonly<Record<ProveError, string>> = {
  'no-such-event': 'there is no such event, or the server does not hold it yet',
  'not-provable': 'the evidence is not whole; see palang verify',
};

/** `palang prove`: the proof of one event, to be handed out without the rest of the evidence. */
export const proveCommand = createCommand(
  'prove',
  'writes the proof of one event, from a bundle or the database of this machine',
  {
    event: {
      type: 'string',
      valueHint: 'id',
      description: 'GATEWAY/EPOCH/NUMBER, as lists of events show it',
      required: true,
    },
    bundle: { type: 'string', description: 'folder or .zip; without it the database of this machine' },
    out: { type: 'string', valueHint: 'file', description: 'new file; GATEWAY-EPOCH-NUMBER.tlog-proof' },
    'with-opening': {
      type: 'boolean',
      description: 'gives along what the commitments of the record stand for: personal data',
    },
    ...JSON_OPTION,
  },
  async (args, output) => {
    const place = decodeEventId(args.event);
    if (place === null) throw new UnusableInput('--event is not GATEWAY/EPOCH/NUMBER');
    const out = args.out ?? `${args.event.replaceAll('/', '-')}.tlog-proof`;
    if (existsSync(out)) throw new UnusableInput(`${out} is there already`);
    const { files } =
      args.bundle === undefined
        ? await loadLocalEvidence('prove', { from: null, until: null })
        : readBundle(args.bundle);
    const hasOpenings = args['with-opening'] === true;
    const proof = encodeEventProof(sha256, files, place, { hasOpenings });
    if (!proof.ok) {
      output.complain(`palang prove: ${PROVE_WORDS[proof.error]}`);
      return EXIT.no;
    }
    // What is handed out must convince somebody else: so it has to convince us first.
    const verdict = await verifyEventProof(proof.value, {
      sha256,
      hmac: hmacSha256,
      verify: verifyEd25519,
    });
    if (!verdict.ok) {
      output.complain(`palang prove: the evidence of this event does not verify: ${verdict.error.reason}`);
      return EXIT.no;
    }
    const { length } = verdict.value.openings;
    writeFileSync(out, proof.value, { flag: 'wx', mode: 0o600 });
    if (args.json === true) output.say(JSON.stringify({ out, event: args.event, openings: length }));
    else output.say(`written to ${out}, with ${length} openings; try: palang verify ${out}`);
    return EXIT.done;
  },
);
