import type { ComponentType } from 'preact';

/** What a page is given: the variable parts of its address, and what stands behind the question mark. */
export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export type PageComponent = ComponentType<PageProps>;
