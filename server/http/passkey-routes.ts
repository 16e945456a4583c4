import { z, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { API_BASE, noBodySchema } from '#contract/api';
import { stepUpStateSchema } from '#contract/api-door';
import {
  approvalOptionsSchema,
  newPasskeySchema,
  passkeyAnswerBodySchema,
  passkeyListSchema,
  passkeyOptionsSchema,
  passkeySchema,
  trustSchema,
  type PasskeyAnswer,
  type PasskeySummary,
} from '#contract/api-passkey';
import { approvalsNeeded, approverOf } from '#contract/approval';
import { encodeBase64Url } from '#contract/bytes';
import { rootFingerprint, type RootBody } from '#contract/root-document';
import { err, ok, type Result } from '#contract/result';
import {
  challengeIn,
  CHALLENGE_LIFE_MS,
  originOf,
  registrationOptions,
  requestOptions,
  rpIdOf,
  verifyPasskeyAnswer,
  verifyRegistration,
  type PasskeySite,
} from '../auth/passkeys.ts';
import { STEP_UP_LIFE_MS } from '../auth/step-up.ts';
import { newRowId } from '../auth/tokens.ts';
import { approvalSummary } from '../domain/approval-summary.ts';
import { challengeOf, isOfSubject, rootInForce, rosterOf } from '../procedure/approvals.ts';
import { approvalSubject } from '../procedure/request-steps.ts';
import { sha256 } from '../signing/node-crypto.ts';
import { approvalsOf } from '../store/approvals.ts';
import {
  deletePasskey,
  findPasskey,
  insertChallenge,
  insertPasskey,
  passkeysOf,
  savePasskeyUse,
  useChallenge,
  type ChallengePurpose,
  type Passkey,
} from '../store/passkeys.ts';
import { findPersonWithRights } from '../store/profiles.ts';
import { findPurpose } from '../store/purposes.ts';
import { findRequest } from '../store/requests.ts';
import { saveStepUp } from '../store/sessions.ts';
import type { AppEnv, AppPorts } from './app-env.ts';
import { problem, refuse } from './problem-response.ts';
import { answers, created, defineRoute, jsonBody, may, PUBLIC, sessionStepUp, SIGNED_IN } from './route.ts';
import { meOf, meOut, openSession, sessionHash } from './session-cookie.ts';

const idParam = z.object({ id: z.string().max(64) });

// Named, so that the OpenAPI document says each of them once.
const passkeyOut = passkeySchema.meta({ id: 'Passkey' });
const trustOut = trustSchema.meta({ id: 'Trust' });

const summaryOf = (root: RootBody, passkey: Passkey): PasskeySummary => ({
  id: passkey.id,
  name: passkey.name,
  createdAt: new Date(passkey.createdAt).toISOString(),
  usedAt: passkey.usedAt === null ? null : new Date(passkey.usedAt).toISOString(),
  isApprover: approverOf(root, passkey.personId, passkey.cid) !== null,
  rosterEntry: { by: passkey.personId, cid: passkey.cid, key: passkey.jwk },
});

/** Routes for passkeys: registering them, signing in and stepping up with them, and what an approver approves. */
export function addPasskeyRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const { site } = ports;

  /** Null where the app has no name that a passkey could be bound to. */
  function passkeySite(c: Context<AppEnv>): PasskeySite | null {
    const rpId = rootInForce(site).approval?.rp ?? rpIdOf(ports.publicUrl);
    if (rpId === null) return null;
    return { rpId, name: ports.siteName, origin: originOf(rpId, c.req.header('origin'), ports.publicUrl) };
  }

  async function newChallenge(purpose: ChallengePurpose, personId: string | null): Promise<Uint8Array> {
    const challenge = site.random.bytes(32);
    const expiresAt = site.clock.epochMs() + CHALLENGE_LIFE_MS;
    await insertChallenge(site.db, { challenge: encodeBase64Url(challenge), purpose, personId, expiresAt });
    return challenge;
  }

  /** Verifies an answer to a challenge of ours, which counts once. */
  async function takeAnswer(
    c: Context<AppEnv>,
    answer: PasskeyAnswer,
    asked: { readonly purpose: ChallengePurpose; readonly personId: string | null },
  ): Promise<Result<Passkey, 'passkey-refused'>> {
    const at = passkeySite(c);
    const challenge = challengeIn(answer.response);
    const now = site.clock.epochMs();
    if (at === null || challenge === null) return err('passkey-refused');
    if (!(await useChallenge(site.db, { challenge, ...asked, now }))) return err('passkey-refused');
    const passkey = await findPasskey(site.db, answer.rawId);
    if (passkey === null || (asked.personId !== null && passkey.personId !== asked.personId)) {
      return err('passkey-refused');
    }
    const verified = await verifyPasskeyAnswer(at, answer, challenge, passkey);
    if (!verified.ok) return verified;
    await savePasskeyUse(site.db, passkey.id, verified.value, now);
    return ok(passkey);
  }

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/me/passkeys`,
      summary: 'One’s own passkeys, oldest first.',
      tags: ['passkeys'],
      responses: answers(passkeyListSchema),
    }),
    async (c) => {
      const root = rootInForce(site);
      const items = (await passkeysOf(site.db, c.get('person').id)).map((each) => summaryOf(root, each));
      return c.json({ items }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/me/passkeys/options`,
      summary: 'Begin to register a passkey; after a step-up.',
      tags: ['passkeys'],
      request: { body: jsonBody(noBodySchema) },
      responses: answers(passkeyOptionsSchema),
    }),
    async (c) => {
      if ((await sessionStepUp(ports, c)) === null) return problem(c, 'step-up-required');
      const at = passkeySite(c);
      if (at === null) return problem(c, 'unavailable');
      const { id, username, name } = c.get('person');
      const known = await passkeysOf(site.db, id);
      const challenge = await newChallenge('register', id);
      const person = { id, username: username ?? id, name };
      return c.json({ options: await registrationOptions(at, person, known, challenge) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/me/passkeys`,
      summary: 'Register a passkey; after a step-up.',
      tags: ['passkeys'],
      request: { body: jsonBody(newPasskeySchema) },
      responses: created(passkeyOut),
    }),
    async (c) => {
      if ((await sessionStepUp(ports, c)) === null) return problem(c, 'step-up-required');
      const at = passkeySite(c);
      if (at === null) return problem(c, 'unavailable');
      const { name, credential } = c.req.valid('json');
      const personId = c.get('person').id;
      const now = site.clock.epochMs();
      const challenge = challengeIn(credential.response);
      const isOurs =
        challenge !== null &&
        (await useChallenge(site.db, { challenge, purpose: 'register', personId, now }));
      if (!isOurs) return problem(c, 'passkey-refused');
      const made = await verifyRegistration(at, credential, challenge);
      if (!made.ok) return problem(c, made.error);
      const passkey: Passkey = {
        ...made.value,
        id: newRowId(site.random, 'pk'),
        personId,
        name: name.normalize('NFC'),
        createdAt: now,
        usedAt: null,
      };
      if (!(await insertPasskey(site.db, passkey))) return problem(c, 'passkey-taken');
      return c.json(summaryOf(rootInForce(site), passkey), 201);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'delete',
      path: `${API_BASE}/me/passkeys/{id}`,
      summary: 'Forget a passkey of one’s own; after a step-up. The roster changes only by the officials.',
      tags: ['passkeys'],
      request: { params: idParam },
      responses: answers(noBodySchema),
    }),
    async (c) => {
      if ((await sessionStepUp(ports, c)) === null) return problem(c, 'step-up-required');
      const isGone = await deletePasskey(site.db, c.get('person').id, c.req.valid('param').id);
      return isGone ? c.json({}, 200) : problem(c, 'not-found');
    },
  );

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'post',
      path: `${API_BASE}/session/passkey/options`,
      summary: 'Begin to sign in with a passkey.',
      tags: ['session'],
      request: { body: jsonBody(noBodySchema) },
      responses: answers(passkeyOptionsSchema),
    }),
    async (c) => {
      const at = passkeySite(c);
      if (at === null) return problem(c, 'unavailable');
      return c.json({ options: await requestOptions(at, [], await newChallenge('sign-in', null)) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'post',
      path: `${API_BASE}/session/passkey`,
      summary: 'Sign in with a passkey; sets the session cookie.',
      tags: ['session'],
      request: { body: jsonBody(passkeyAnswerBodySchema) },
      responses: answers(meOut, 'Who is signed in.'),
    }),
    async (c) => {
      const { credential } = c.req.valid('json');
      const passkey = await takeAnswer(c, credential, { purpose: 'sign-in', personId: null });
      const person = passkey.ok
        ? await findPersonWithRights(site.db, passkey.value.personId, site.clock.epochMs())
        : null;
      if (person === null) {
        ports.metrics.countSignIn('failed');
        return problem(c, 'sign-in-failed');
      }
      await openSession(ports, c, person.id, 'passkey');
      ports.metrics.countSignIn('succeeded');
      return c.json(meOf(ports, person), 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/session/step-up/passkey/options`,
      summary: 'Begin to confirm with a passkey.',
      tags: ['session'],
      request: { body: jsonBody(noBodySchema) },
      responses: answers(passkeyOptionsSchema),
    }),
    async (c) => {
      const at = passkeySite(c);
      const { id } = c.get('person');
      const known = await passkeysOf(site.db, id);
      if (at === null || known.length === 0) return problem(c, 'unavailable');
      return c.json({ options: await requestOptions(at, known, await newChallenge('step-up', id)) }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'post',
      path: `${API_BASE}/session/step-up/passkey`,
      summary: 'Confirm with a passkey; sensitive acts are open for five minutes.',
      tags: ['session'],
      request: { body: jsonBody(passkeyAnswerBodySchema) },
      responses: answers(stepUpStateSchema),
    }),
    async (c) => {
      const asked = { purpose: 'step-up' as const, personId: c.get('person').id };
      const passkey = await takeAnswer(c, c.req.valid('json').credential, asked);
      if (!passkey.ok) return problem(c, passkey.error);
      const at = site.clock.epochMs();
      await saveStepUp(site.db, sessionHash(c), { at, method: 'passkey' });
      return c.json({ method: 'passkey' as const, until: new Date(at + STEP_UP_LIFE_MS).toISOString() }, 200);
    },
  );

  app.openapi(
    defineRoute(ports, may('requests.decide.delegated'), {
      method: 'post',
      path: `${API_BASE}/requests/{id}/approval-options`,
      summary: 'What an approval would be over, and how it has to be given; approves nothing.',
      tags: ['requests'],
      request: { params: idParam, body: jsonBody(noBodySchema) },
      responses: answers(approvalOptionsSchema),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const decider = c.get('person');
      const shown = await approvalSubject(site, decider, id);
      const request = await findRequest(site.db, id);
      if (!shown.ok) return refuse(c, shown.error);
      if (request === null) return problem(c, 'not-found');
      const { subject } = shown.value;
      const root = rootInForce(site);
      const roster = new Set(rosterOf(root, decider.id, subject).map(({ cid }) => cid));
      const usable = (await passkeysOf(site.db, decider.id)).filter(({ cid }) => roster.has(cid));
      const rpId = root.approval?.rp;
      const hasPasskey = rpId !== undefined && usable.length > 0;
      if (!hasPasskey && root.approval?.weak !== 'session') return problem(c, 'approver-not-in-roster');
      const purpose = await findPurpose(site.db, request.purpose);
      const summary = approvalSummary(
        {
          number: request.number,
          visitor: request.subject?.name ?? request.requester.name,
          organisation: request.subject?.organisation ?? request.requester.organisation,
          door: request.doorName,
          purpose: { id: purpose?.nameId ?? request.purpose, en: purpose?.nameEn ?? request.purpose },
          from: shown.value.request.from,
          until: shown.value.request.until,
        },
        site.timeZone,
      );
      const given = (await approvalsOf(site.db, id)).filter(({ facts }) => isOfSubject(facts, subject));
      const needed = Math.max(...subject.drafts.map(({ cls }) => approvalsNeeded(root, cls)));
      const options = hasPasskey ? await requestOptions({ rpId }, usable, challengeOf(site, subject)) : null;
      return c.json(
        {
          method: hasPasskey ? ('passkey' as const) : ('session' as const),
          options,
          summary,
          request: subject.req,
          needed,
          given: given.length,
        },
        200,
      );
    },
  );

  app.openapi(
    defineRoute(ports, SIGNED_IN, {
      method: 'get',
      path: `${API_BASE}/trust`,
      summary: 'Who is trusted with what, as the officials who hold the root keys have signed it.',
      tags: ['evidence'],
      responses: answers(trustOut),
    }),
    (c) => {
      const root = rootInForce(site);
      return c.json(
        {
          version: root.v,
          fingerprint: rootFingerprint(sha256, site.rootChain[0].root),
          isSingleOfficial: root.singleOfficial,
          officials: root.roles.root.keys.length,
          threshold: root.roles.root.threshold,
          isWeakApprovalAllowed: root.approval?.weak === 'session',
          relyingParty: root.approval?.rp ?? null,
          approvers: (root.approvers ?? []).map(({ by, doors }) => ({ personId: by, doors: doors ?? null })),
        },
        200,
      );
    },
  );
}
