import { Model } from '../api';
import { ListModel } from '../model/list';
import { IWorkspaceConnection } from '../tokens';

/** So many of them are listed. */
export const MOST_MODELS = 200;

/** The newest registered models of the workspace. */
export function createModelList(
  connection: IWorkspaceConnection
): ListModel<Model> {
  return new ListModel<Model>({
    connection,
    kinds: ['model'],
    read: async it =>
      (await it.request('models.list', { limit: MOST_MODELS })).items
  });
}
