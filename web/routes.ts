import type { RoleName } from '#contract/api';
import type { IconName } from './parts/icon.tsx';
import type { Words } from './words/id.ts';

interface RouteRow {
  readonly path: string;
  /** Who may see it; the server decides again. */
  readonly roles: readonly RoleName[];
  /** Its place in the navigation, if it has one. */
  readonly nav?: { readonly word: keyof Words['nav']; readonly icon: IconName };
  /** Only where a simulated door stands behind the server. */
  readonly isDemo?: boolean;
}

const EVERYBODY: readonly RoleName[] = [
  'technician',
  'supervisor',
  'officer',
  'auditor',
  'administrator',
  'privacy-officer',
];

/** Whose work is at the door; the data-protection officer's is not. */
const AT_THE_DOOR = EVERYBODY.filter((role) => role !== 'privacy-officer');

/** Every page, in the order of the navigation. The first that a person may see and that stands there is their home. */
export const ROUTES = [
  {
    path: '/waiting',
    roles: ['supervisor'],
    nav: { word: 'waiting', icon: 'inbox' },
  },
  {
    path: '/home',
    roles: ['technician'],
    nav: { word: 'home', icon: 'home' },
  },
  {
    path: '/desk',
    roles: ['officer'],
    nav: { word: 'desk', icon: 'inbox' },
  },
  {
    path: '/inside',
    roles: ['supervisor', 'officer'],
    nav: { word: 'inside', icon: 'people' },
  },
  {
    path: '/decided',
    roles: ['supervisor'],
    nav: { word: 'decided', icon: 'checkCircle' },
  },
  {
    path: '/people',
    roles: ['administrator', 'officer'],
    nav: { word: 'people', icon: 'people' },
  },
  {
    // Before the page of a person: the first row that fits an address is taken.
    path: '/people/import',
    roles: ['administrator'],
  },
  {
    path: '/people/:id',
    roles: ['administrator', 'officer', 'auditor', 'privacy-officer'],
  },
  {
    path: '/cards',
    roles: ['administrator', 'officer'],
    nav: { word: 'cards', icon: 'card' },
  },
  {
    path: '/gateways',
    roles: ['administrator'],
    nav: { word: 'gateways', icon: 'gateway' },
  },
  {
    path: '/rules',
    roles: ['administrator'],
    nav: { word: 'rules', icon: 'calendar' },
  },
  {
    path: '/rules/holidays',
    roles: ['administrator'],
  },
  {
    path: '/places',
    roles: ['administrator', 'officer'],
    nav: { word: 'places', icon: 'building' },
  },
  {
    path: '/places/purposes',
    roles: ['administrator', 'officer'],
  },
  {
    path: '/places/maintenance',
    roles: ['administrator', 'officer'],
  },
  {
    path: '/events',
    roles: ['auditor', 'supervisor', 'administrator'],
    nav: { word: 'events', icon: 'list' },
  },
  {
    path: '/figures',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
    nav: { word: 'figures', icon: 'chart' },
  },
  {
    path: '/evidence',
    roles: ['auditor', 'supervisor', 'administrator'],
    nav: { word: 'evidence', icon: 'shield' },
  },
  {
    path: '/audit-trail',
    roles: ['auditor'],
    nav: { word: 'auditTrail', icon: 'history' },
  },
  {
    path: '/reviews',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
    nav: { word: 'reviews', icon: 'checkCircle' },
  },
  {
    path: '/reviews/signals',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
  },
  {
    path: '/reviews/log',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
  },
  {
    path: '/reviews/:id',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
  },
  {
    path: '/reports',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
    nav: { word: 'reports', icon: 'print' },
  },
  {
    path: '/reports/:kind',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
  },
  {
    path: '/privacy',
    roles: ['privacy-officer', 'auditor', 'supervisor'],
    nav: { word: 'privacy', icon: 'lock' },
  },
  {
    path: '/privacy/people',
    roles: ['privacy-officer', 'auditor'],
  },
  {
    path: '/privacy/retention',
    roles: ['privacy-officer', 'auditor'],
  },
  {
    path: '/privacy/views',
    roles: ['privacy-officer', 'auditor'],
  },
  {
    path: '/keys',
    roles: ['administrator', 'auditor'],
    nav: { word: 'keys', icon: 'key' },
  },
  {
    path: '/settings',
    roles: ['administrator', 'auditor'],
    nav: { word: 'settings', icon: 'sliders' },
  },
  {
    path: '/sop',
    roles: EVERYBODY,
    nav: { word: 'sop', icon: 'book' },
  },
  {
    path: '/sop/new',
    roles: ['officer', 'administrator'],
  },
  {
    path: '/sop/:id',
    roles: EVERYBODY,
  },
  {
    path: '/sop/:id/edit',
    roles: ['officer', 'administrator'],
  },
  {
    path: '/door',
    roles: AT_THE_DOOR,
    nav: { word: 'door', icon: 'door' },
  },
  {
    path: '/virtual-door',
    roles: AT_THE_DOOR,
    nav: { word: 'virtualDoor', icon: 'hand' },
    isDemo: true,
  },
  {
    path: '/requests/new',
    roles: ['technician', 'supervisor'],
  },
  {
    path: '/requests/:id',
    roles: EVERYBODY,
  },
  {
    path: '/requests/:id/story',
    roles: ['auditor', 'supervisor', 'officer', 'administrator'],
  },
  {
    path: '/requests/:id/code',
    roles: ['technician', 'supervisor', 'officer'],
  },
  {
    path: '/decide/:id',
    roles: ['supervisor'],
  },
  {
    path: '/account',
    roles: EVERYBODY,
    nav: { word: 'account', icon: 'person' },
  },
  {
    path: '/account/security',
    roles: EVERYBODY,
  },
  {
    path: '/notices',
    roles: EVERYBODY,
  },
  {
    path: '/account/data',
    roles: EVERYBODY,
  },
  {
    // Where single sign-on comes back to: who is signed in already wanted to link an account.
    path: '/masuk',
    roles: EVERYBODY,
  },
] as const satisfies readonly RouteRow[];

export type RoutePath = (typeof ROUTES)[number]['path'];

/** One page of the table. */
export interface Route extends RouteRow {
  readonly path: RoutePath;
}

/** The pages that these roles may see. */
export const routesFor = (roles: readonly RoleName[], isDemo: boolean): readonly Route[] =>
  (ROUTES as readonly Route[]).filter(
    (route) => route.roles.some((role) => roles.includes(role)) && (isDemo || route.isDemo !== true),
  );
