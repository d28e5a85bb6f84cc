import {
  ILabShell,
  ILayoutRestorer,
  IRouter,
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification, WidgetTracker } from '@jupyterlab/apputils';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';
import { launchIcon } from '@jupyterlab/ui-components';

import { ApiError } from '../api';
import { afterActivation } from '../components/focus';
import { loadPart } from '../components/parts';
import { escapeControls } from '../components/text';
import { DOMAIN } from '../components/translation';
import { telling } from '../runs/actions';
import { CommandIDs } from '../runs/commands';
import {
  ISelectedRun,
  IWorkspaceConnection,
  IWorkspaceConnections
} from '../tokens';
import { ILinkedRun, linkOf, PATTERN, readLink, withoutLink } from './link';
import { RunPageModel } from './model';
import { isTab, TabId } from './tabs';
import type { RunPageWidget } from './widget';

const OPEN_LINK = 'mlws:open-linked-run';

interface IContext {
  app: JupyterFrontEnd;
  connection: IWorkspaceConnection;
  connections: IWorkspaceConnections;
  hasRoom: boolean;
  tracker: WidgetTracker<RunPageWidget>;
  trans: TranslationBundle;
}

/** Pages of runs in the main area: opened by a command, by a link, and again after a reload. */
export const pagePlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-mlws:page',
  description: 'Shows runs as pages of the main area.',
  autoStart: true,
  requires: [IWorkspaceConnection, IWorkspaceConnections, ISelectedRun],
  optional: [ILabShell, ILayoutRestorer, IRouter, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connection: IWorkspaceConnection,
    connections: IWorkspaceConnections,
    selected: ISelectedRun,
    shell: ILabShell | null,
    restorer: ILayoutRestorer | null,
    router: IRouter | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const tracker = new WidgetTracker<RunPageWidget>({
      namespace: 'mlws-run-pages'
    });
    const hasRoom = shell !== null;
    const context = { app, connection, connections, hasRoom, tracker, trans };
    addOpenCommand(context, selected);
    selected.changed.connect(() =>
      app.commands.notifyCommandChanged(CommandIDs.openRun)
    );
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openRun,
        args: ({ model: { workspace, run, tab } }) => ({ workspace, run, tab }),
        name: page => page.id
      });
    }
    if (router) {
      addLinks(context, router);
    }
  }
};

function addOpenCommand(context: IContext, selected: ISelectedRun): void {
  const { app, connection, trans } = context;
  const runOf = (wanted: unknown) =>
    typeof wanted === 'string' ? wanted : selected.run;
  app.commands.addCommand(CommandIDs.openRun, {
    label: args =>
      args.isPalette ? trans.__('Open Selected Run') : trans.__('Open Run'),
    icon: args => (args.isPalette ? undefined : launchIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          workspace: {
            type: 'string',
            description:
              'Id of the workspace; that of the document in front when left out'
          },
          run: {
            type: 'string',
            description: 'Id or number of the run; the selected one if left out'
          },
          tab: { type: 'string', description: 'The tab to show' },
          other: {
            type: 'string',
            description: 'Id or number of a run that it is compared with'
          }
        }
      }
    },
    isEnabled: args => runOf(args.run) !== null,
    execute: async args => {
      const run = runOf(args.run);
      const workspace =
        typeof args.workspace === 'string'
          ? args.workspace
          : connection.info?.id;
      if (run !== null && workspace !== undefined) {
        const tab = isTab(args.tab) ? args.tab : null;
        const other = typeof args.other === 'string' ? args.other : null;
        await afterActivation();
        await telling(() => openRun(context, { workspace, run }, tab, other));
      }
    }
  });
}

/**
 * Bring the page of a run to the front, which is made where there is none yet.
 *
 * @throws ApiError
 */
async function openRun(
  context: IContext,
  link: ILinkedRun,
  tab: TabId | null = null,
  other: string | null = null
): Promise<void> {
  const { app, connections, tracker, trans } = context;
  const connection = connections.get(link.workspace);
  const { id, number } = await identify(connection, link.run);
  if (!context.hasRoom) {
    // Where a window shows one document, runs have a window of Lab.
    const found = number ?? (await numberOf(connection, id));
    window.open(linkOf(link.workspace, found), '_blank', 'noopener');
    return;
  }
  const { RunPageWidget } = await loadPart(trans, () => import('./widget'));
  const known = tracker.find(
    page => page.id === RunPageWidget.idOf(link.workspace, id)
  );
  const model =
    known?.model ?? new RunPageModel(connection, link.workspace, id);
  model.tab = tab ?? model.tab;
  if (other !== null) {
    void model.other.choose(other);
  }
  if (known) {
    app.shell.activateById(known.id);
    return;
  }
  const { commands } = app;
  const page = new RunPageWidget({ model, commands, trans });
  model.tabChanged.connect(() => void tracker.save(page));
  await tracker.add(page);
  app.shell.add(page, 'main');
  app.shell.activateById(page.id);
}

const NUMBER = /^#?\d+$/;

/** The id of a run, which has to be asked for where a number names it. */
async function identify(
  connection: IWorkspaceConnection,
  run: string
): Promise<{ id: string; number: number | null }> {
  return NUMBER.test(run)
    ? connection.request('runs.get', { run })
    : { id: run, number: null };
}

async function numberOf(
  connection: IWorkspaceConnection,
  run: string
): Promise<number> {
  return (await connection.request('runs.get', { run })).number;
}

/** Follow the address of the page where it names a run, and take that out of it. */
function addLinks(context: IContext, router: IRouter): void {
  const { app, trans } = context;
  app.commands.addCommand(OPEN_LINK, {
    label: trans.__('Open the Run of a Link'),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: { type: 'string' },
          search: { type: 'string' },
          hash: { type: 'string' }
        }
      }
    },
    execute: async args => {
      const {
        path = '',
        search = '',
        hash = ''
      } = args as Partial<IRouter.ILocation>;
      const link = readLink(search);
      router.navigate(path + withoutLink(search) + hash, { skipRouting: true });
      await app.restored;
      if (link === null) {
        Notification.error(
          trans.__(
            'The address names no run. A link to one ends in ?mlws-run=WORKSPACE:NUMBER.'
          ),
          { autoClose: false }
        );
        return;
      }
      await telling(async () => {
        const workspace = await findWorkspace(context, link.workspace);
        await openRun(context, { workspace, run: link.run });
      });
    }
  });
  router.register({ command: OPEN_LINK, pattern: PATTERN });
}

/**
 * The id of the workspace of an id or a name.
 *
 * @throws ApiError
 */
async function findWorkspace(
  { connection, trans }: IContext,
  wanted: string
): Promise<string> {
  const { items } = await connection.request('registry.list', {});
  const found =
    items.find(it => it.id === wanted) ?? items.find(it => it.name === wanted);
  if (!found) {
    throw new ApiError(
      'not_found',
      trans.__('There is no workspace %1 here.', escapeControls(wanted)),
      trans.__('A link to a run opens on the server that has its workspace.')
    );
  }
  return found.id;
}
