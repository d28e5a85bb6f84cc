import { cardPlugin } from './card/plugin';
import { cellsPlugin } from './cells/plugin';
import { detailsPlugin } from './details/plugin';
import { documentPlugin } from './document/plugin';
import { jobsPlugin } from './jobs/plugin';
import { kernelsPlugin } from './kernels/plugin';
import { launcherPlugin } from './launcher/plugin';
import { notifyPlugin } from './notify/plugin';
import { pagePlugin } from './page/plugin';
import { runsPlugin } from './runs/plugin';
import { connectionsPlugin, workspacePlugin } from './workspace/plugin';

export { IWorkspaceConnection, IWorkspaceConnections } from './tokens';

export default [
  workspacePlugin,
  connectionsPlugin,
  runsPlugin,
  pagePlugin,
  detailsPlugin,
  documentPlugin,
  kernelsPlugin,
  cardPlugin,
  cellsPlugin,
  notifyPlugin,
  launcherPlugin,
  jobsPlugin
];
