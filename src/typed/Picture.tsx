import * as React from 'react';

import { Notice } from '../components/empty';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Load, useFileUrl } from '../values/loading';
import { IPictureFile } from './reading';

/** Kinds of pictures that cannot hold scripts. */
const SAFE: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp'
]);
/** A picture unfolds in memory to four bytes a dot, whatever its file weighs. */
const MAX_DOTS = 64e6;

/** So wide a picture of few dots is drawn, such as a digit of 8 × 8: each dot of it a square. */
const LEAST_WIDTH = 160;
const FEW_DOTS = 64;

/** Whether a picture may be drawn in the page. */
export function isDrawable(picture: IPictureFile): boolean {
  return (
    SAFE.has(picture.mediaType) && picture.width * picture.height <= MAX_DOTS
  );
}

/** A picture among the files of a run; its place is kept free until it comes. */
export function Picture(props: {
  name: string;
  picture: IPictureFile;
  load: Load;
  /** Changes when a file that was missing may have come. */
  fileCount: number;
}): JSX.Element {
  const trans = useTranslation();
  const { picture, load, fileCount } = props;
  const drawable = isDrawable(picture);
  const { found: url, error } = useFileUrl(
    drawable ? picture.file : null,
    picture.mediaType,
    load,
    fileCount
  );
  if (!drawable) {
    return (
      <p className="jp-mlws-hint">
        {trans.__(
          'The picture %1 is not drawn here (%2, %3 × %4); it is among the files below.',
          escapeControls(picture.file),
          escapeControls(picture.mediaType),
          picture.width,
          picture.height
        )}
      </p>
    );
  }
  if (error?.code === 'not_found') {
    return (
      <p className="jp-mlws-hint">
        {trans.__(
          'The picture %1 is not stored yet.',
          escapeControls(picture.file)
        )}
      </p>
    );
  }
  if (error) {
    return (
      <Notice kind="error">
        {escapeControls(error.message)} {escapeControls(error.hint)}
      </Notice>
    );
  }
  return (
    <div
      className="jp-mlws-picture"
      style={{ aspectRatio: ratioOf(picture), maxWidth: widthOf(picture) }}
      data-dots={hasFewDots(picture) ? 'few' : undefined}
      aria-busy={url === null || undefined}
    >
      {url && (
        <img src={url} alt={trans.__('Image %1', escapeControls(props.name))} />
      )}
    </div>
  );
}

function hasFewDots({ width, height }: IPictureFile): boolean {
  return width > 0 && Math.max(width, height) <= FEW_DOTS;
}

/** As wide as it is; one of few dots in as many whole squares as make it large enough to be looked at. */
function widthOf(picture: IPictureFile): number {
  const { width } = picture;
  return hasFewDots(picture)
    ? width * Math.ceil(LEAST_WIDTH / Math.max(width, picture.height))
    : width || 480;
}

function ratioOf({ width, height }: IPictureFile): string {
  return width > 0 && height > 0 ? `${width} / ${height}` : '4 / 3';
}
