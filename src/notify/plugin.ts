import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import {
  ITranslator,
  nullTranslator,
  TranslationBundle
} from '@jupyterlab/translation';

import { DOMAIN } from '../components/translation';
import { CommandIDs as RunCommands } from '../runs/commands';
import { IAwaitedRuns, IWorkspaceConnections, SETTINGS } from '../tokens';
import { Endings, IAwaited, IEnding } from './model';
import { endText, isTold, IWish, Wanted } from './words';

const STATE = 'jupyter-mlws:awaited-runs';
const SHOWN_MS = 10000;

/** Tells when a run ends that was submitted from this page, also one that ended while the page was closed. */
export const notifyPlugin: JupyterFrontEndPlugin<IAwaitedRuns> = {
  id: 'jupyter-mlws:notify',
  description: 'Tells when runs end.',
  autoStart: true,
  provides: IAwaitedRuns,
  requires: [IWorkspaceConnections],
  optional: [ISettingRegistry, IStateDB, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    connections: IWorkspaceConnections,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    translator: ITranslator | null
  ): IAwaitedRuns => {
    const trans = (translator ?? nullTranslator).load(DOMAIN);
    const endings = new Endings(workspace => connections.get(workspace));
    let settings: ISettingRegistry.ISettings | null = null;
    void registry?.load(SETTINGS).then(loaded => {
      settings = loaded;
    });
    const wish = (): IWish => ({
      wanted: (settings?.get('notifyAtEnd').composite ?? 'all') as Wanted,
      seconds: Number(settings?.get('notifyAfter').composite ?? 30)
    });
    const open = ({ workspace, run }: IEnding) => {
      void app.commands.execute(RunCommands.openRun, {
        workspace,
        run: run.id
      });
    };
    endings.ended.connect((_, ending) => {
      if (isTold(ending.run, wish())) {
        tellInLab(trans, ending, () => open(ending));
        tellInBrowser(trans, ending, () => open(ending));
      }
    });
    if (state) {
      void remember(endings, state);
    }
    return endings;
  }
};

function tellInLab(
  trans: TranslationBundle,
  { run }: IEnding,
  onOpen: () => void
): void {
  const actions: Notification.IAction[] = [
    { label: trans.__('Open run'), callback: onOpen }
  ];
  if (window.Notification?.permission === 'default') {
    actions.push({
      label: trans.__('Tell me in other windows, too'),
      callback: () => void window.Notification.requestPermission()
    });
  }
  if (run.status === 'Failed') {
    Notification.error(endText(trans, run), { autoClose: false, actions });
  } else {
    Notification.success(endText(trans, run), { autoClose: SHOWN_MS, actions });
  }
}

/** Where nobody sees the page, and the browser was allowed to. */
function tellInBrowser(
  trans: TranslationBundle,
  { workspace, run }: IEnding,
  onOpen: () => void
): void {
  if (
    document.visibilityState === 'visible' ||
    window.Notification?.permission !== 'granted'
  ) {
    return;
  }
  const shown = new window.Notification(trans.__('ML Workspace'), {
    body: endText(trans, run),
    // Two pages that wait for the same run tell of it once.
    tag: `${workspace} ${run.id}`
  });
  shown.onclick = () => {
    window.focus();
    onOpen();
    shown.close();
  };
}

/** Go on waiting after the page was loaded anew. */
async function remember(endings: Endings, state: IStateDB): Promise<void> {
  const kept = await state.fetch(STATE);
  const known: unknown[] = Array.isArray(kept) ? kept : [];
  for (const it of known) {
    if (isAwaited(it)) {
      endings.follow(it);
    }
  }
  const save = () => {
    const awaited = endings.awaited.map(it => ({ ...it }));
    void state.save(STATE, awaited);
  };
  endings.changed.connect(save);
  save();
}

function isAwaited(value: unknown): value is IAwaited {
  const it = (value ?? {}) as Partial<IAwaited>;
  return typeof it.workspace === 'string' && typeof it.run === 'string';
}
