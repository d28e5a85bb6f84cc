import { Secret } from '../api';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';

/** Names of the workspace's secrets; their values never come here. */
export function createSecretList(
  connection: IWorkspaceConnection
): ListModel<Secret> {
  return new ListModel<Secret>({
    connection,
    kinds: ['secret'],
    read: async it => (await it.request('secrets.list', {})).items
  });
}
