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

/**
 * Something is sent off to run: what a cell's own triangle does, elsewhere.
 */
export const runAsJobIcon = new LabIcon({
  name: 'jupyter-mlws:run-as-job',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M11 5.5v13L21 12 11 5.5zM3 7h5v2H3zm-1.5 4H8v2H1.5zM3 15h5v2H3z"/>
</svg>`
});

/**
 * The facts of one run: a heading with its status, and lines.
 */
export const detailsIcon = new LabIcon({
  name: 'jupyter-mlws:details',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M5.5 3a2.5 2.5 0 1 1 0 5 2.5 2.5 0 0 1 0-5zM10 4.5h11v2H10zM3 11h18v2H3zm0 4h18v2H3zm0 4h12v2H3z"/>
</svg>`
});

/** Something stays where it is. */
export const pinIcon = new LabIcon({
  name: 'jupyter-mlws:pin',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 24 24">
  <path class="jp-icon3" fill="#616161" d="M16 3v2h-1v6l3 3v2h-5v6h-2v-6H6v-2l3-3V5H8V3h8zm-5 2v6.8L8.8 14h6.4L13 11.8V5h-2z"/>
</svg>`
});
