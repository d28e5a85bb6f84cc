import { cardPlugin } from './card/plugin';
import { documentPlugin } from './document/plugin';
import { kernelsPlugin } from './kernels/plugin';
import { pagePlugin } from './page/plugin';
import { runsPlugin } from './runs/plugin';
import { connectionsPlugin, workspacePlugin } from './workspace/plugin';

export { IWorkspaceConnection, IWorkspaceConnections } from './tokens';

export default [
  workspacePlugin,
  connectionsPlugin,
  runsPlugin,
  pagePlugin,
  documentPlugin,
  kernelsPlugin,
  cardPlugin
];
