import type { JSX } from 'preact';
import { serverSettings } from '../api-settings.ts';
import { useApp, useWords } from '../app-state.ts';
import { Loaded } from '../parts/list-of.tsx';
import { Page } from '../parts/page.tsx';
import { useDeskWords } from '../use-desk-words.ts';
import { useLoad } from '../use-load.ts';

/** The variables that each setting is read from, as whoever starts the server writes them. */
const VARIABLES: Readonly<Record<string, readonly string[]>> = {
  siteId: ['PALANG_SITE'],
  siteName: ['PALANG_SITE_NAME'],
  agency: ['PALANG_GOVERNMENT', 'PALANG_OFFICE', 'PALANG_ADDRESS'],
  timeZone: ['PALANG_TIME_ZONE'],
  locale: ['PALANG_LOCALE'],
  databaseUrl: ['PALANG_DATABASE_URL'],
  keysDir: ['PALANG_KEYS_DIR'],
  host: ['PALANG_HOST'],
  port: ['PORT'],
  publicUrl: ['PALANG_PUBLIC_URL'],
  tls: ['PALANG_TLS_CERT_FILE', 'PALANG_TLS_KEY_FILE'],
  webDir: ['PALANG_WEB_DIR'],
  sessionIdleMs: ['PALANG_SESSION_IDLE_MINUTES'],
  sso: ['PALANG_OIDC_ISSUER', 'PALANG_OIDC_CLIENT_ID', 'PALANG_OIDC_CLIENT_SECRET'],
  webhook: ['PALANG_WEBHOOK_URL', 'PALANG_WEBHOOK_SECRET'],
  mail: ['PALANG_SMTP_URL', 'PALANG_MAIL_FROM'],
  witnessUrls: ['PALANG_WITNESS_URLS'],
  demo: ['PALANG_DEMO', 'PALANG_DEMO_DOOR_URL'],
};

/** How the server runs: each setting with what it does, its value, and the variable that sets it. */
export function SettingsPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const desk = useDeskWords().settings;
  const settings = useLoad('settings', () => serverSettings(app.api));
  const valueOf = (name: string, value: string): string =>
    value === 'null' || value === ''
      ? words.common.none
      : name.endsWith('Ms')
        ? app.time.value.duration(Number(value))
        : value;
  return (
    <Page title={desk.title} lead={desk.lead}>
      <Loaded load={settings} rows={8}>
        {({ version, items }) => (
          <>
            <p class="soft">{desk.version(version)}</p>
            <div class="list">
              {items.map(({ name, value }) => {
                const known = Object.hasOwn(desk.names, name) ? desk.names[name] : undefined;
                return (
                  <div key={name} class="row setting-row">
                    <span class="row-main">
                      <span class="strong">{known?.name ?? name}</span>
                      {known === undefined ? null : <span class="soft small">{known.text}</span>}
                      <span class="soft small mono">{(VARIABLES[name] ?? []).join(', ')}</span>
                    </span>
                    <span class="setting-value mono">{valueOf(name, value)}</span>
                  </div>
                );
              })}
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}
