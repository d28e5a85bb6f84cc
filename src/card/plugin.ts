import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { confirmCancel, downloadFile, telling } from '../runs/actions';
import { IWorkspaceConnections } from '../tokens';
import { MIME_TYPE } from './bundle';
import { ICardActions } from './RunCard';
import { CardRenderer } from './renderer';

const SETTINGS = 'jupyter-mlws:plugin';
/** Before html and text of the same output. */
const RANK = 0;

/** Draws a run below the cell that submitted it, live while it goes. */
export const cardPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:card',
  description: 'Draws runs in the outputs of cells, live while they go.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IWorkspaceConnections],
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    connections: IWorkspaceConnections,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const actions = cardActions(trans);
    let settings: ISettingRegistry.ISettings | null = null;
    void registry?.load(SETTINGS).then(loaded => {
      settings = loaded;
    });
    const keepsResults = () => settings?.get('keepResults').composite !== false;
    const factory = {
      // It holds an id and nothing that could run.
      safe: true,
      mimeTypes: [MIME_TYPE],
      createRenderer: () =>
        new CardRenderer({
          actions,
          connections,
          keepsResults,
          rendermime,
          trans
        })
    };
    rendermime.addFactory(factory, RANK);
  }
};

function cardActions(trans: TranslationBundle): ICardActions {
  return {
    onCancel: (model, run) => {
      void telling(async () => {
        if (await confirmCancel(trans, run)) {
          await model.cancel();
        }
      });
    },
    onDownload: (model, file) => {
      void downloadFile(file.name, () => model.download(file));
    }
  };
}
