import type { JSX } from 'preact';
import { THEMES, useApp, useMe, useWords, type Theme } from '../app-state.ts';
import { navOf } from '../navigation.ts';
import { Button } from '../parts/button.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icon.tsx';
import { LanguageSwitch } from '../parts/language-switch.tsx';
import { Page } from '../parts/page.tsx';
import { PinCard } from '../parts/pin-card.tsx';
import { routesFor } from '../routes.ts';

/** Who one is here, how the app looks, and the way out. */
export function AccountPage(): JSX.Element {
  const app = useApp();
  const words = useWords();
  const me = useMe();
  const names: Readonly<Record<Theme, string>> = {
    auto: words.account.themeAuto,
    light: words.account.themeLight,
    dark: words.account.themeDark,
  };
  const others = navOf(routesFor(me.roles, me.isDemo)).filter((route) => !route.isTab);
  return (
    <Page title={words.account.title}>
      <section class="card">
        <Facts
          rows={[
            [
              words.account.signedInAs,
              <>
                <span class="strong">{me.name}</span>
                <br />
                <span class="soft">{me.roles.map((role) => words.roles[role]).join(', ')}</span>
              </>,
            ],
            [words.account.site, me.site.name],
          ]}
        />
      </section>
      {others.length === 0 ? null : (
        <section class="block only-phone">
          <h2>{words.account.morePages}</h2>
          <div class="list">
            {others.map((route) => (
              <a key={route.path} class="row" href={route.path}>
                <span class="row-icon">
                  <Icon name={route.nav.icon} />
                </span>
                <span class="row-main strong">{words.nav[route.nav.word]}</span>
                <Icon name="chevronRight" />
              </a>
            ))}
          </div>
        </section>
      )}
      <section class="list">
        {(
          [
            ['/notices', 'inbox', words.account.notices, words.account.noticesText],
            ['/account/security', 'key', words.account.security, words.account.securityText],
            ['/account/data', 'lock', words.account.ownData, words.account.ownDataText],
          ] as const
        ).map(([href, icon, name, text]) => (
          <a key={href} class="row" href={href}>
            <span class="row-icon">
              <Icon name={icon} />
            </span>
            <span class="row-main">
              <span class="strong">{name}</span>
              <span class="soft small">{text}</span>
            </span>
            <Icon name="chevronRight" />
          </a>
        ))}
      </section>
      <PinCard />
      <section class="block">
        <h2 id="theme">{words.account.theme}</h2>
        <div class="segments segments-wide" role="group" aria-labelledby="theme">
          {THEMES.map((theme) => (
            <button
              key={theme}
              type="button"
              aria-pressed={app.theme.value === theme}
              onClick={() => app.setTheme(theme)}
            >
              {names[theme]}
            </button>
          ))}
        </div>
      </section>
      <section class="block">
        <h2>{words.common.language}</h2>
        <LanguageSwitch />
      </section>
      <Button icon="exit" onClick={() => void app.leave()}>
        {words.account.signOut}
      </Button>
    </Page>
  );
}
