import { PageConfig } from '@jupyterlab/coreutils';

/** Name of the part of an address that names a run: `/lab?mlws-run=WORKSPACE:12`. */
export const PARAMETER = 'mlws-run';

/** Addresses that name a run. */
export const PATTERN = /[?&]mlws-run=/;

/** A run as an address names it. */
export interface ILinkedRun {
  /** Id or name of the workspace. */
  readonly workspace: string;
  /** Number or id of the run. */
  readonly run: string;
}

// Nothing that could lead the path of a request elsewhere; a name may have blanks and letters of any language.
const LINK = /^([^\s/\\:?#%][^/\\:?#%]{0,299}):#?([a-zA-Z0-9][\w-]{0,299})$/;

/** The address of a run, to be given to others who may use this server. */
export function linkOf(workspace: string, number: number): string {
  const lab = PageConfig.getUrl({
    mode: 'multiple-document',
    workspace: PageConfig.defaultWorkspace,
    treePath: '',
    toShare: true
  });
  return `${lab}?${new URLSearchParams({ [PARAMETER]: `${workspace}:${number}` })}`;
}

/** The run that the query of an address names; null where it names none. */
export function readLink(search: string): ILinkedRun | null {
  const value = new URLSearchParams(search).get(PARAMETER) ?? '';
  const found = LINK.exec(value.trim());
  return found ? { workspace: found[1], run: found[2] } : null;
}

/** The query of an address without its run, so that a reload does not open it again. */
export function withoutLink(search: string): string {
  const query = new URLSearchParams(search);
  query.delete(PARAMETER);
  const rest = query.toString();
  return rest === '' ? '' : `?${rest}`;
}
