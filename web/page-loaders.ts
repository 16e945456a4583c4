import type { PageComponent } from './page-props.ts';
import type { RoutePath } from './routes.ts';

// Each role's pages are one chunk: a technician before a locked door does not wait for the auditor's table.
const technician = () => import('./pages/technician.tsx');
const supervisor = () => import('./pages/supervisor.tsx');
const administrator = () => import('./pages/administrator.tsx');

/** Where the code of each page comes from. */
export const PAGE_LOADERS: Readonly<Record<RoutePath, () => Promise<PageComponent>>> = {
  '/waiting': async () => (await supervisor()).WaitingPage,
  '/home': async () => (await technician()).TechnicianHome,
  '/inside': async () => (await supervisor()).InsidePage,
  '/decided': async () => (await supervisor()).DecidedPage,
  '/people': async () => (await administrator()).PeoplePage,
  '/cards': async () => (await administrator()).CardsPage,
  '/gateways': async () => (await administrator()).GatewaysPage,
  '/events': async () => (await import('./pages/auditor.tsx')).EventsPage,
  '/figures': async () => (await import('./pages/figures.tsx')).FiguresPage,
  '/evidence': async () => (await import('./pages/evidence.tsx')).EvidencePage,
  '/door': async () => (await import('./pages/live-door.tsx')).LiveDoorPage,
  '/virtual-door': async () => (await import('./pages/virtual-door.tsx')).VirtualDoorPage,
  '/requests/new': async () => (await import('./pages/new-request.tsx')).NewRequestPage,
  '/requests/:id': async () => (await technician()).RequestPage,
  '/decide/:id': async () => (await supervisor()).DecisionPage,
  '/account': async () => (await import('./pages/account.tsx')).AccountPage,
};
