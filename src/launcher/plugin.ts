import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { CommandIDs } from '../runs/commands';

/** After notebooks and consoles. */
const RANK = 5;

/** Cards of the launcher, where there is one: the panel, and an example to begin with. */
export const launcherPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:launcher',
  description: 'Offers the workspace and an example in the launcher.',
  autoStart: true,
  optional: [ILauncher, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const category = trans.__('ML Workspace');
    [CommandIDs.showPanel, CommandIDs.openExample].forEach((command, rank) => {
      launcher?.add({ command, category, categoryRank: RANK, rank });
    });
  }
};
