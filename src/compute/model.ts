import { Compute } from '../api';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';

/** The compute targets of the workspace. */
export function createComputeList(
  connection: IWorkspaceConnection
): ListModel<Compute> {
  return new ListModel<Compute>({
    connection,
    kinds: ['run', 'compute'],
    read: async it => (await it.request('compute.list', {})).items
  });
}
