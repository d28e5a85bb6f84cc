import * as React from 'react';

const PATHS = {
  full: 'M4 9V4h5v2H6v3H4zm11-5h5v5h-2V6h-3V4zM6 15v3h3v2H4v-5h2zm12 3v-3h2v5h-5v-2h3z',
  more: 'M12 7a1.7 1.7 0 1 1 0-3.4A1.7 1.7 0 0 1 12 7zm0 6.7a1.7 1.7 0 1 1 0-3.4 1.7 1.7 0 0 1 0 3.4zm0 6.7a1.7 1.7 0 1 1 0-3.4 1.7 1.7 0 0 1 0 3.4z',
  whole: 'M5 11h14v2H5zM3 6h2v12H3zm16 0h2v12h-2z',
  close:
    'M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z'
};

/** A sign of the charts' own: they are drawn where Lab is not as well. */
export function Sign(props: { name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
      <path fill="currentColor" d={PATHS[props.name]} />
    </svg>
  );
}
