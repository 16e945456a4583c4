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
    roles: ['administrator'],
    nav: { word: 'people', icon: 'people' },
  },
  {
    path: '/cards',
    roles: ['administrator'],
    nav: { word: 'cards', icon: 'card' },
  },
  {
    path: '/gateways',
    roles: ['administrator'],
    nav: { word: 'gateways', icon: 'gateway' },
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
    path: '/decide/:id',
    roles: ['supervisor'],
  },
  {
    path: '/account',
    roles: EVERYBODY,
    nav: { word: 'account', icon: 'person' },
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
