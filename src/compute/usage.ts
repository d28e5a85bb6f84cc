import { Compute } from '../api';
import { escapeControls } from '../components/text';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';

/** So many targets are named where there is little room. */
const MOST_NAMED = 2;

/** The compute targets and how many of their places are taken, for whoever looks at no more than that. */
export function createUsage(
  connection: IWorkspaceConnection
): ListModel<Compute> {
  return new ListModel({
    connection,
    kinds: ['run', 'compute'],
    read: async it => (await it.request('compute.list', {})).items
  });
}

/** The targets that are busy in a few words: `local 2/2`. */
export function usageText(targets: readonly Compute[]): string {
  const busy = targets.filter(({ running, queued }) => running + queued > 0);
  const named = busy
    .slice(0, MOST_NAMED)
    .map(it => `${escapeControls(it.name)} ${it.running}/${it.slots}`);
  return [...named, ...(busy.length > MOST_NAMED ? ['…'] : [])].join(' · ');
}
