import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { registerModel } from '../models/register';
import { confirmCancel, downloadFile, telling } from '../runs/actions';
import { CommandIDs } from '../runs/commands';
import { IWorkspaceConnections, SETTINGS } from '../tokens';
import { MIME_TYPE } from './bundle';
import { copyBeside, isBehind, notebookOf, useBelow } from './handing';
import { ICardActions } from './RunCard';
import { CardRenderer } from './renderer';

/** Before html and text of the same output. */
const RANK = 0;

/** Draws a run below the cell that submitted it, live while it goes. */
export const cardPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:card',
  description: 'Draws runs in the outputs of cells, live while they go.',
  autoStart: true,
  requires: [IRenderMimeRegistry, IWorkspaceConnections],
  optional: [INotebookTracker, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    connections: IWorkspaceConnections,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const actions = (renderer: CardRenderer) =>
      cardActions({ app, notebooks, renderer, trans });
    // What nobody can read is not known: then nothing is written.
    const settings = registry?.load(SETTINGS).catch(() => null);
    const keepsResults = async ({ node }: CardRenderer) => {
      const loaded = await settings;
      if (loaded === null || loaded?.get('keepResults').composite === false) {
        return false;
      }
      const notebook = notebookOf(notebooks, node);
      const { contents } = app.serviceManager;
      return !(notebook && (await isBehind(contents, notebook)));
    };
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

interface IContext {
  app: JupyterFrontEnd;
  notebooks: INotebookTracker | null;
  renderer: CardRenderer;
  trans: TranslationBundle;
}

function cardActions(context: IContext): ICardActions {
  const { app, notebooks, renderer, trans } = context;
  const { node } = renderer;
  const actions: ICardActions = {
    onCancel: (model, run) => {
      void telling(async () => {
        if (await confirmCancel(trans, run)) {
          await model.cancel();
        }
      });
    },
    onDownload: (model, file) => {
      void downloadFile(file.name, () => model.download(file));
    },
    onOpen: (model, run) => {
      const args = { workspace: model.workspace, run };
      void app.commands.execute(CommandIDs.openRun, args);
    },
    onRegister: (model, run, file) => {
      const { connection } = model;
      void telling(() => registerModel({ connection, trans }, run, file.name));
    }
  };
  const notebook = notebookOf(notebooks, node);
  return notebook === null
    ? actions
    : {
        ...actions,
        onCopy: (model, file) => {
          void telling(() => copyBeside(trans, model, file, notebook));
        },
        onUse: (_, run, name) => useBelow(notebook, node, run, name)
      };
}
