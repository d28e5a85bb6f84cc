/** Kind of the bundle that names a run; jupyter_mlws/magics/card.py writes it. */
export const MIME_TYPE = 'application/vnd.mlws.run.v1+json';

/** Which run a card is about. */
export interface IRunBundle {
  readonly workspace: string;
  readonly run: string;
  /** Whether the text and html beside it are those of the run's end. */
  readonly ended: boolean;
}

// As the server's own grammar of ids: nothing that could lead a path elsewhere.
const ID = /^[a-zA-Z0-9][\w-]{0,299}$/;

/**
 * The run that a bundle names; null where a notebook, which anybody may have written, holds something else.
 */
export function readBundle(data: unknown): IRunBundle | null {
  const { workspace, run, ended } = (data ?? {}) as Record<string, unknown>;
  return isId(workspace) && isId(run)
    ? { workspace, run, ended: ended === true }
    : null;
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value);
}
