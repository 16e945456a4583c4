import type { ComponentChildren, JSX } from 'preact';
import { useApp, useMe, useWords } from '../app-state.ts';
import { navOf } from '../navigation.ts';
import { routesFor } from '../routes.ts';
import { AlarmBar } from './alarm-bar.tsx';
import { ConnectionBar } from './connection-bar.tsx';
import { Icon, Mark } from './icon.tsx';
import { LanguageSwitch } from './language-switch.tsx';
import { StepUp } from './step-up.tsx';

/** What stands around every page: brand, navigation, and the bars that concern everybody. */
export function AppFrame(props: {
  readonly path: string;
  readonly children: ComponentChildren;
}): JSX.Element {
  const words = useWords();
  const me = useMe();
  const app = useApp();
  const waiting = app.waitingCount.value;
  const places = navOf(routesFor(me.roles, me.isDemo));
  return (
    <div class="frame">
      <a class="skip" href="#content">
        {words.common.skipToContent}
      </a>
      <header class="topbar">
        <a class="brand" href="/">
          <Mark />
          <span>{words.brand}</span>
        </a>
        {me.isDemo ? (
          <span class="demo-mark" title={words.common.demoText}>
            {words.common.demo}
          </span>
        ) : null}
        {me.site.name === words.brand ? null : <span class="topbar-site">{me.site.name}</span>}
        <LanguageSwitch />
      </header>
      <nav class="nav" aria-label={words.common.navigation}>
        {places.map((route) => (
          <a
            key={route.path}
            href={route.path}
            class={route.isTab ? 'nav-link' : 'nav-link nav-desk'}
            aria-current={
              props.path === route.path
                ? 'page'
                : props.path.startsWith(`${route.path}/`)
                  ? 'true'
                  : undefined
            }
          >
            <span class="nav-icon">
              <Icon name={route.nav.icon} />
              {route.path === '/waiting' && waiting > 0 ? <span class="nav-count">{waiting}</span> : null}
            </span>
            <span class="nav-word">{words.nav[route.nav.word]}</span>
          </a>
        ))}
        <div class="nav-foot">
          <p class="strong">{me.name}</p>
          <p class="soft small">{me.roles.map((role) => words.roles[role]).join(', ')}</p>
        </div>
      </nav>
      <div class="bars">
        <AlarmBar />
        <ConnectionBar />
      </div>
      {props.children}
      <StepUp />
    </div>
  );
}
