import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  discovery,
  ResponseBodyError,
  type Configuration,
} from 'openid-client';
import { Fault, err, ok, type Result } from '#contract/result';

/** The secrets of one sign-in under way: each stands for one thing that the answer must fit. */
export interface SsoChecks {
  readonly state: string;
  readonly nonce: string;
  /** PKCE code verifier. */
  readonly verifier: string;
}

/** Who came back from the other issuer. Nothing else of the token counts: an address can be given to another. */
export interface SsoSubject {
  readonly issuer: string;
  readonly subject: string;
}

/** Signs people in at another issuer (OpenID Connect, code flow with PKCE, state and nonce). */
export interface SsoClient {
  readonly issuer: string;
  /** @throws Fault `sso-unreachable` */
  begin(checks: SsoChecks): Promise<URL>;
  /**
   * @param answered the address with the query with which the browser came back
   * @throws Fault `sso-unreachable`
   */
  finish(answered: URL, checks: SsoChecks): Promise<Result<SsoSubject, 'sso-refused'>>;
}

export interface SsoSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

const isLocal = ({ hostname }: URL): boolean => ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);

/** A wrong answer, as opposed to none: what the issuer, or whoever played it, said does not hold. */
function isRefusal(error: unknown): boolean {
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) return true;
  return error instanceof ClientError && error.code !== 'OAUTH_TIMEOUT';
}

/** Makes the client; the issuer is asked for its addresses at the first sign-in, and again after a failure. */
export function createSsoClient(settings: SsoSettings, redirectUri: string): SsoClient {
  const issuer = new URL(settings.issuer);
  let known: Promise<Configuration> | null = null;
  const discovered = (): Promise<Configuration> => {
    // Plain HTTP only where nobody can listen: an issuer on this very machine.
    const options =
      issuer.protocol === 'http:' && isLocal(issuer) ? { execute: [allowInsecureRequests] } : {};
    const asked = (known ??= discovery(issuer, settings.clientId, settings.clientSecret, undefined, options));
    return asked.catch((error: unknown) => {
      known = null;
      throw new Fault('sso-unreachable', { retryable: true, cause: error });
    });
  };
  return {
    issuer: settings.issuer,
    begin: async ({ state, nonce, verifier }) =>
      buildAuthorizationUrl(await discovered(), {
        redirect_uri: redirectUri,
        scope: 'openid',
        code_challenge: await calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state,
        nonce,
      }),
    finish: async (answered, { state, nonce, verifier }) => {
      const config = await discovered();
      try {
        const tokens = await authorizationCodeGrant(config, answered, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: verifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        return claims === undefined ? err('sso-refused') : ok({ issuer: claims.iss, subject: claims.sub });
      } catch (error) {
        if (isRefusal(error)) return err('sso-refused');
        throw new Fault('sso-unreachable', { retryable: true, cause: error });
      }
    },
  };
}
