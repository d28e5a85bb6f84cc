import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Contents } from '@jupyterlab/services';

import { runAsJobIcon } from '../components/icons';
import { loadPart } from '../components/parts';
import { DOMAIN } from '../components/translation';
import { onScreen } from '../document/handover';
import { telling } from '../runs/actions';
import { CommandIDs as RunCommands } from '../runs/commands';
import {
  IAwaitedRuns,
  IWorkspaceConnection,
  IWorkspaceConnections
} from '../tokens';
import { IFile, isNotebook, isScript } from './facts';
import type { IJobContext } from './submit';

export namespace CommandIDs {
  export const runFile = 'mlws:run-file-as-job';
  export const runNotebook = 'mlws:run-notebook-as-job';
}

interface IContext extends IJobContext {
  app: JupyterFrontEnd;
  awaited: IAwaitedRuns | null;
  browsers: IFileBrowserFactory | null;
  documents: IDocumentManager | null;
  notebooks: INotebookTracker | null;
}

/** Runs whole notebooks and scripts as jobs, submitted by the server: no kernel has a part in it. */
export const jobsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:jobs',
  description: 'Runs notebooks and scripts as jobs.',
  autoStart: true,
  requires: [IWorkspaceConnection, IWorkspaceConnections],
  optional: [
    IAwaitedRuns,
    INotebookTracker,
    IDocumentManager,
    IFileBrowserFactory,
    ICommandPalette,
    ITranslator
  ],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    connections: IWorkspaceConnections,
    awaited: IAwaitedRuns | null,
    notebooks: INotebookTracker | null,
    documents: IDocumentManager | null,
    browsers: IFileBrowserFactory | null,
    palette: ICommandPalette | null,
    translator: ITranslator | null
  ): void => {
    const context: IContext = {
      app,
      awaited,
      browsers,
      choices: new Map(),
      connect: workspace => connections.get(workspace),
      documents,
      notebooks,
      onOpen: (workspace, { id: run }) => {
        void app.commands.execute(RunCommands.openRun, { workspace, run });
      },
      resolve: document => connection.request('registry.resolve', { document }),
      trans: (translator ?? nullTranslator).load(DOMAIN)
    };
    addCommands(context);
    for (const command of Object.values(CommandIDs)) {
      palette?.addItem({
        command,
        category: context.trans.__('ML Workspace')
      });
    }
  }
};

function addCommands(context: IContext): void {
  const { app, notebooks, trans } = context;
  app.commands.addCommand(CommandIDs.runNotebook, {
    label: trans.__('Run Notebook as Job…'),
    caption: trans.__(
      'Run this notebook from its first cell to its last as a job, with parameters'
    ),
    icon: runAsJobIcon,
    describedBy: { args: { type: 'object', properties: {} } },
    isEnabled: () => !!notebooks?.currentWidget,
    execute: async () => {
      const panel = notebooks?.currentWidget;
      if (panel) {
        await ask(context, panel.context.path);
      }
    }
  });
  app.commands.addCommand(CommandIDs.runFile, {
    label: args =>
      args.isBrowser ? trans.__('Run as Job…') : trans.__('Run File as Job…'),
    icon: runAsJobIcon,
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: {
            type: 'string',
            description:
              'A script or notebook; the document in front when left out'
          },
          isBrowser: {
            type: 'boolean',
            description: 'Whether the file is the one selected in the browser'
          }
        }
      }
    },
    isEnabled: args => pathOf(context, args) !== null,
    isVisible: args => !args.isBrowser || pathOf(context, args) !== null,
    execute: async args => {
      const path = pathOf(context, args);
      if (path !== null) {
        await ask(context, path);
      }
    }
  });
  const notify = () => {
    for (const command of Object.values(CommandIDs)) {
      app.commands.notifyCommandChanged(command);
    }
  };
  notebooks?.currentChanged.connect(notify);
}

async function ask(context: IContext, path: string): Promise<void> {
  await telling(async () => {
    // The form is loaded when it is wanted.
    const { runFile } = await loadPart(context.trans, () => import('./submit'));
    const submitted = await runFile(context, await readFile(context, path));
    if (submitted) {
      const { workspace, run } = submitted;
      context.awaited?.follow({ workspace, run: run.id });
    }
  }, context.trans);
}

/** The script or notebook that a command is about; null where that is something else, or more than one. */
function pathOf(
  { app, browsers, documents }: IContext,
  args: { path?: unknown; isBrowser?: unknown }
): string | null {
  let path: string | null = null;
  if (typeof args.path === 'string') {
    path = args.path;
  } else if (args.isBrowser) {
    const browser = browsers?.tracker.currentWidget;
    const chosen: Contents.IModel[] = browser
      ? [...browser.selectedItems()]
      : [];
    path = chosen.length === 1 ? chosen[0].path : null;
  } else {
    const widget = app.shell.currentWidget;
    path = (widget && documents?.contextForWidget(widget)?.path) ?? null;
  }
  return path !== null && (isNotebook(path) || isScript(path)) ? path : null;
}

/** A file as it is on the screen, where it is open; a script that was not saved runs as it was saved. */
async function readFile(context: IContext, path: string): Promise<IFile> {
  const { app, documents, notebooks } = context;
  const localPath = app.serviceManager.contents.localPath(path);
  const panel: NotebookPanel | undefined = notebooks?.find(
    it => it.context.path === path
  );
  if (panel) {
    // One that was only just opened has no cells yet.
    await panel.context.ready;
    const { id, text } = onScreen(panel);
    return {
      path: localPath,
      document: text,
      documentId: id,
      hasUnsavedChanges: false
    };
  }
  const open = documents?.findWidget(path);
  const isDirty = open
    ? documents?.contextForWidget(open)?.model.dirty === true
    : false;
  return {
    path: localPath,
    document: '',
    documentId: '',
    hasUnsavedChanges: isDirty
  };
}
