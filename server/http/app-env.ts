import type { Person } from '#contract/api';
import type { CardReadings } from '#contract/api-people';
import type { Demo } from '#contract/api';
import type { Agency } from '../audit/report-pdf.ts';
import type { NonceMemory } from '../auth/gateway-request.ts';
import type { PasswordCheck } from '../auth/passwords.ts';
import type { StepUp } from '../auth/step-up.ts';
import type { SsoClient } from '../auth/sso-client.ts';
import type { SignInThrottle } from '../auth/sign-in-throttle.ts';
import type { Site } from '../procedure/site.ts';
import type { Gateway } from '../store/gateways.ts';
import type { Metrics } from './metrics.ts';
import type { WebFiles } from './web-files.ts';

/** What requests are answered with. */
export interface AppPorts {
  readonly site: Site;
  readonly siteName: string;
  readonly locale: 'id' | 'en';
  /** Whose letterhead reports bear. */
  readonly agency: Agency;
  /** Address under which people reach the server; decides cookies and which origins may write. */
  readonly publicUrl: URL;
  readonly version: string;
  readonly passwords: PasswordCheck;
  readonly throttle: SignInThrottle;
  readonly nonces: NonceMemory;
  /** How long a session may be left alone before it is over. */
  readonly sessionIdleMs: number;
  /** How the server was started, for the eyes of those who run it; secrets hidden. */
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  /** Tells which cards a number may stand for; null where nothing was handed in that can. */
  readonly cardReadings: ((text: string) => CardReadings) | null;
  /** Single sign-on; null where it is not set up. */
  readonly sso: SsoClient | null;
  readonly metrics: Metrics;
  readonly webFiles: WebFiles;
  /** Null outside of the demonstration. */
  readonly demo: { readonly content: Demo; readonly doorUrl: URL | null } | null;
  /** Address of the caller's machine; null where it is not known. */
  readonly remoteAddress: (context: { readonly env: unknown }) => string | null;
  /** Aborts when the server closes: streams end then. */
  readonly closing: AbortSignal;
}

/** What is known of a request while it is answered. */
export interface AppEnv {
  readonly Variables: {
    requestId: string;
    /** Set where the route is for people. */
    person: Person;
    /** Set where the route asks for a step-up. */
    stepUp: StepUp;
    /** Set where the route is for gateways. */
    gateway: Gateway;
  };
}
