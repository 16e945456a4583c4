import type { PageComponent } from './page-props.ts';
import type { RoutePath } from './routes.ts';

// Each role's pages are one chunk: a technician before a locked door does not wait for the auditor's table.
const technician = () => import('./pages/technician.tsx');
const supervisor = () => import('./pages/supervisor.tsx');
const administrator = () => import('./pages/administrator.tsx');
const people = () => import('./pages/people.tsx');
const places = () => import('./pages/places.tsx');
const privacy = () => import('./pages/privacy.tsx');
const reports = () => import('./pages/reports.tsx');
const reviews = () => import('./pages/reviews.tsx');
const signals = () => import('./pages/review-signals.tsx');
const security = () => import('./pages/security.tsx');
const sop = () => import('./pages/sop.tsx');
const sopEdit = () => import('./pages/sop-edit.tsx');

/** Where the code of each page comes from. */
export const PAGE_LOADERS: Readonly<Record<RoutePath, () => Promise<PageComponent>>> = {
  '/waiting': async () => (await supervisor()).WaitingPage,
  '/home': async () => (await technician()).TechnicianHome,
  '/desk': async () => (await import('./pages/desk.tsx')).DeskPage,
  '/inside': async () => (await supervisor()).InsidePage,
  '/decided': async () => (await supervisor()).DecidedPage,
  '/people': async () => (await people()).PeoplePage,
  '/people/import': async () => (await import('./pages/people-import.tsx')).PeopleImportPage,
  '/people/:id': async () => (await import('./pages/person.tsx')).PersonPage,
  '/cards': async () => (await administrator()).CardsPage,
  '/gateways': async () => (await administrator()).GatewaysPage,
  '/events': async () => (await import('./pages/auditor.tsx')).EventsPage,
  '/figures': async () => (await import('./pages/figures.tsx')).FiguresPage,
  '/evidence': async () => (await import('./pages/evidence.tsx')).EvidencePage,
  '/door': async () => (await import('./pages/live-door.tsx')).LiveDoorPage,
  '/virtual-door': async () => (await import('./pages/virtual-door.tsx')).VirtualDoorPage,
  '/requests/new': async () => (await import('./pages/new-request.tsx')).NewRequestPage,
  '/requests/:id': async () => (await technician()).RequestPage,
  '/requests/:id/story': async () => (await import('./pages/visit-story.tsx')).VisitStoryPage,
  '/requests/:id/code': async () => (await import('./pages/visit-code.tsx')).VisitCodePage,
  '/rules': async () => (await import('./pages/rules.tsx')).RulesPage,
  '/rules/holidays': async () => (await import('./pages/holidays.tsx')).HolidaysPage,
  '/audit-trail': async () => (await import('./pages/audit-trail.tsx')).AuditTrailPage,
  '/decide/:id': async () => (await supervisor()).DecisionPage,
  '/places': async () => (await places()).PlacesPage,
  '/places/purposes': async () => (await import('./pages/purposes.tsx')).PurposesPage,
  '/places/maintenance': async () => (await places()).MaintenancePage,
  '/reviews': async () => (await reviews()).ReviewsPage,
  '/reviews/signals': async () => (await signals()).SignalsPage,
  '/reviews/log': async () => (await signals()).LogReviewsPage,
  '/reviews/:id': async () => (await reviews()).ReviewPage,
  '/reports': async () => (await reports()).ReportsPage,
  '/reports/:kind': async () => (await reports()).ReportPage,
  '/privacy': async () => (await privacy()).PrivacyPage,
  '/privacy/people': async () => (await people()).PrivacyPeoplePage,
  '/privacy/retention': async () => (await privacy()).RetentionPage,
  '/privacy/views': async () => (await privacy()).ViewsPage,
  '/keys': async () => (await import('./pages/keys.tsx')).KeysPage,
  '/settings': async () => (await import('./pages/settings.tsx')).SettingsPage,
  '/sop': async () => (await sop()).SopListPage,
  '/sop/new': async () => (await sopEdit()).SopNewPage,
  '/sop/:id': async () => (await sop()).SopPage,
  '/sop/:id/edit': async () => (await sopEdit()).SopEditPage,
  '/account/security': async () => (await security()).SecurityPage,
  '/notices': async () => (await import('./pages/notices.tsx')).NoticesPage,
  '/account/data': async () => (await import('./pages/own-data.tsx')).OwnDataPage,
  '/masuk': async () => (await security()).SecurityPage,
  '/account': async () => (await import('./pages/account.tsx')).AccountPage,
};
