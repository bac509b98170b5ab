import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { graphql, type Answer } from './api/graphql.ts';

export type Role = 'Admin' | 'Editor' | 'Viewer';

/** Where the open page is, as far as it knows by now: the header shows it, and times are in its zone. */
export interface Place {
  account?: { rawID: string; name: string };
  project?: { rawID: string; name: string };
  zone?: string;
  role?: Role | null;
}

export const place = signal<Place>({});

/** What a page about a project asks for, to say where it is. */
export const here = graphql(`fragment Here on Project { id rawID name account { id rawID name timezone role } }`);

/** useHere says that the page is about the project, once it is known. */
export function useHere(project: Answer<typeof here> | null | undefined): void {
  useEffect(() => {
    if (project) place.value = { project, account: project.account, zone: project.account.timezone, role: project.account.role };
  }, [project]);
}
