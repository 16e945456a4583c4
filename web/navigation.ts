import type { Route } from './routes.ts';

/** As many fit under a thumb; the account page holds the rest. */
const TABS_ON_PHONE = 5;

type NavRoute = Route & { readonly nav: NonNullable<Route['nav']> };

const hasNav = (route: Route): route is NavRoute => route.nav !== undefined;

/** The places of the navigation; on a phone the last tab is always the account page. */
export function navOf(routes: readonly Route[]): readonly (NavRoute & { readonly isTab: boolean })[] {
  const places = routes.filter(hasNav);
  return places.map((route, index) => ({
    ...route,
    isTab: places.length <= TABS_ON_PHONE || index < TABS_ON_PHONE - 1 || route.path === '/account',
  }));
}
