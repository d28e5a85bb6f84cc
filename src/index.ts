import { documentPlugin } from './document/plugin';
import { kernelsPlugin } from './kernels/plugin';
import { runsPlugin } from './runs/plugin';
import { workspacePlugin } from './workspace/plugin';

export { IWorkspaceConnection } from './tokens';

export default [workspacePlugin, runsPlugin, documentPlugin, kernelsPlugin];
