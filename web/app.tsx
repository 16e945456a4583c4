import { Component, type ComponentChildren, type JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { exec, LocationProvider, useLocation } from 'preact-iso/router';
import { AppContext, useApp, useWords, type App } from './app-state.ts';
import { AppFrame } from './parts/app-frame.tsx';
import { Button, ButtonLink } from './parts/button.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { ProblemNotice } from './parts/notice.tsx';
import { Page } from './parts/page.tsx';
import { Skeleton } from './parts/skeleton.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { PAGE_LOADERS } from './page-loaders.ts';
import type { PageComponent } from './page-props.ts';
import { routesFor, type Route } from './routes.ts';

/** The whole app on one state. */
export function AppRoot({ app }: { readonly app: App }): JSX.Element {
  return (
    <AppContext.Provider value={app}>
      <LocationProvider>
        <Gate />
      </LocationProvider>
    </AppContext.Provider>
  );
}

function Gate(): JSX.Element {
  const app = useApp();
  const session = app.session.value;
  const { path } = useLocation();
  if (import.meta.env.DEV && path === '/design') return <DesignPage />;
  switch (session.kind) {
    case 'unknown':
      return <main class="page" aria-busy="true" />;
    case 'nobody':
      return <SignInPage hasEnded={session.hasEnded} />;
    case 'unreachable':
      return (
        <main class="page">
          <ProblemNotice problem={session.problem} onRetry={() => void app.start()} />
        </main>
      );
    case 'person':
      return <SignedIn routes={routesFor(session.me.roles, session.me.isDemo)} />;
  }
}

interface Found {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function findRoute(routes: readonly Route[], path: string): Found | null {
  for (const route of routes) {
    const match = exec(path, route.path) as { params: Record<string, string> } | undefined;
    if (match !== undefined) return { route, params: match.params };
  }
  return null;
}

function SignedIn({ routes }: { readonly routes: readonly Route[] }): JSX.Element {
  const { path } = useLocation();
  const home = routes.find((route) => route.nav !== undefined && route.path !== '/door') ?? null;
  const found = path === '/' ? (home === null ? null : { route: home, params: {} }) : findRoute(routes, path);
  return (
    <AppFrame path={found?.route.path ?? path}>
      <PageFor found={found} hasRole={home !== null && home.path !== '/account'} />
    </AppFrame>
  );
}

function PageFor({
  found,
  hasRole,
}: {
  readonly found: Found | null;
  readonly hasRole: boolean;
}): JSX.Element {
  const words = useWords();
  const { query } = useLocation();
  if (found === null) {
    return (
      <Page title={hasRole ? words.common.notFoundTitle : words.common.noRoleTitle}>
        <EmptyState
          icon="info"
          title={hasRole ? words.common.notFoundTitle : words.common.noRoleTitle}
          text={hasRole ? words.common.notFoundText : words.common.noRoleText}
        >
          <ButtonLink href="/" icon="home">
            {words.common.toHome}
          </ButtonLink>
        </EmptyState>
      </Page>
    );
  }
  const key = `${found.route.path} ${Object.values(found.params).join(' ')}`;
  return (
    <PageBoundary key={key}>
      <LazyPage route={found.route} params={found.params} query={query} />
    </PageBoundary>
  );
}

/** Pages that have been loaded once stand at once the next time. */
const loadedPages = new Map<string, PageComponent>();

function LazyPage(props: Found & { readonly query: Readonly<Record<string, string>> }): JSX.Element {
  const { route } = props;
  const [Shown, setShown] = useState<PageComponent | null>(() => loadedPages.get(route.path) ?? null);
  const [hasFailed, setHasFailed] = useState(false);
  useEffect(() => {
    if (loadedPages.has(route.path)) return;
    PAGE_LOADERS[route.path]().then(
      (loaded) => {
        loadedPages.set(route.path, loaded);
        setShown(() => loaded);
      },
      // The chunk is gone with the version that this page belongs to, or the server is away.
      () => setHasFailed(true),
    );
  }, [route]);
  if (hasFailed) return <ReloadPage />;
  if (Shown !== null) return <Shown params={props.params} query={props.query} />;
  return (
    <main class="page" aria-busy="true">
      <Skeleton rows={4} />
    </main>
  );
}

function ReloadPage(): JSX.Element {
  const words = useWords();
  return (
    <main class="page">
      <EmptyState icon="refresh" title={words.common.reload} text={words.common.newVersion}>
        <Button kind="primary" icon="refresh" onClick={() => location.reload()}>
          {words.common.reload}
        </Button>
      </EmptyState>
    </main>
  );
}

/** Keeps a fault of one page from taking the navigation with it. */
class PageBoundary extends Component<
  { readonly children: ComponentChildren },
  { readonly hasFailed: boolean }
> {
  override state = { hasFailed: false };

  static override getDerivedStateFromError(): { hasFailed: boolean } {
    return { hasFailed: true };
  }

  override render(): ComponentChildren {
    return this.state.hasFailed ? <ReloadPage /> : this.props.children;
  }
}

function DesignPage(): JSX.Element {
  const [Shown, setShown] = useState<(() => JSX.Element) | null>(null);
  useEffect(() => {
    void import('./pages/design.tsx').then((loaded) => setShown(() => loaded.DesignSheet));
  }, []);
  return Shown === null ? <main class="page" /> : <Shown />;
}
