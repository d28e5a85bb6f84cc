import { LabIcon } from '@jupyterlab/ui-components';

/**
 * The workspace's icon: a flask whose liquid is a rising curve.
 */
export const workspaceIcon = new LabIcon({
  name: 'jupyter-mlws:workspace',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M8 2h8v2h-1v5.2l5.3 9.1A2.4 2.4 0 0 1 18.2 22H5.8a2.4 2.4 0 0 1-2.1-3.7L9 9.2V4H8V2zm3 2v5.8L5.4 19.3a.5.5 0 0 0 .4.7h12.4a.5.5 0 0 0 .4-.7L13 9.8V4h-2z"/>
    <path d="m6.6 18.6 3-2.8 2.2 1.5 3.1-4 3.1 5.3H6.6z"/>
  </g>
</svg>`
});
