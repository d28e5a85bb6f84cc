import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { Kernel } from '@jupyterlab/services';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { IWorkspaceConnection, SETTINGS } from '../tokens';
import { enableFrom, loadMagics } from './code';
import { CommandIDs } from './commands';
import { tellFailure } from './failure';
import { kernelOf } from './model';

/** Brings the magics into kernels: when asked for one, or into all when the setting says so. */
export const kernelsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:kernels',
  description: 'Brings the magics into the kernels of notebooks.',
  autoStart: true,
  requires: [IWorkspaceConnection, INotebookTracker],
  optional: [ISettingRegistry, ICommandPalette, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    notebooks: INotebookTracker,
    settings: ISettingRegistry | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    app.commands.addCommand(CommandIDs.enable, {
      label: trans.__("Enable %%%%submit in This Notebook's Kernel"),
      describedBy: { args: { type: 'object', properties: {} } },
      isEnabled: () => kernelOf(notebooks.currentWidget) !== null,
      execute: async () => {
        const panel = notebooks.currentWidget;
        const kernel = kernelOf(panel);
        if (panel && kernel) {
          await enable(connection, panel, kernel, trans);
        }
      }
    });
    palette?.addItem({
      command: CommandIDs.enable,
      category: trans.__('ML Workspace')
    });
    if (settings) {
      void loadEverywhere(notebooks, settings);
    }
  }
};

async function enable(
  connection: IWorkspaceConnection,
  panel: NotebookPanel,
  kernel: Kernel.IKernelConnection,
  trans: TranslationBundle
): Promise<void> {
  try {
    const { path } = await connection.request('registry.far_side', {});
    await enableFrom(kernel, path);
    Notification.success(trans.__('This kernel can submit runs now.'), {
      autoClose: 3000
    });
  } catch (error) {
    tellFailure(trans, panel, error);
  }
}

/** Follow the setting that spares `%load_ext`: load at a kernel's start and after its restart. */
async function loadEverywhere(
  notebooks: INotebookTracker,
  registry: ISettingRegistry
): Promise<void> {
  const settings = await registry.load(SETTINGS);
  const load = (kernel: Kernel.IKernelConnection | null) => {
    if (kernel && settings.get('loadInEveryNotebook').composite === true) {
      void loadMagics(kernel);
    }
  };
  const follow = (panel: NotebookPanel) => {
    let restarting = false;
    panel.sessionContext.kernelChanged.connect((_, { newValue }) => {
      load(newValue);
    });
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (status === 'restarting' || status === 'autorestarting') {
        restarting = true;
      } else if (restarting) {
        // Often it stays 'starting' until it is asked something.
        restarting = false;
        load(kernelOf(panel));
      }
    });
    load(kernelOf(panel));
  };
  notebooks.forEach(follow);
  notebooks.widgetAdded.connect((_, panel) => follow(panel));
}
