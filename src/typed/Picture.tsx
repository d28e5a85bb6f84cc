import * as React from 'react';

import { ApiError } from '../api';
import { Notice } from '../components/empty';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
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
  load: (file: string) => Promise<ArrayBuffer>;
  /** Changes when a file that was missing may have come. */
  fileCount: number;
}): JSX.Element {
  const trans = useTranslation();
  const { picture, load, fileCount } = props;
  const drawable = isDrawable(picture);
  const { url, error } = usePicture(drawable ? picture : null, load, fileCount);
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
      style={{ aspectRatio: ratioOf(picture), maxWidth: picture.width || 480 }}
      aria-busy={url === null || undefined}
    >
      {url && (
        <img src={url} alt={trans.__('Image %1', escapeControls(props.name))} />
      )}
    </div>
  );
}

function ratioOf({ width, height }: IPictureFile): string {
  return width > 0 && height > 0 ? `${width} / ${height}` : '4 / 3';
}

interface ILoaded {
  url: string | null;
  error: ApiError | null;
}

const NOTHING: ILoaded = { url: null, error: null };

/**
 * The address of a picture in the page's memory, given back when another one is shown. What failed is tried again when
 * files came.
 */
function usePicture(
  picture: IPictureFile | null,
  load: (file: string) => Promise<ArrayBuffer>,
  fileCount: number
): ILoaded {
  const [loaded, setLoaded] = React.useState<ILoaded>(NOTHING);
  const [attempt, tryAgain] = React.useReducer((count: number) => count + 1, 0);
  const failed = React.useRef(false);
  const file = picture?.file;
  const type = picture?.mediaType;
  React.useEffect(() => {
    if (failed.current) {
      tryAgain();
    }
  }, [fileCount]);
  React.useEffect(() => {
    if (file === undefined) {
      return;
    }
    let url: string | null = null;
    let gone = false;
    failed.current = false;
    const take = async () => {
      try {
        const bytes = await load(file);
        if (!gone) {
          url = URL.createObjectURL(new Blob([bytes], { type }));
          setLoaded({ url, error: null });
        }
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        if (!gone) {
          failed.current = true;
          setLoaded({ url: null, error });
        }
      }
    };
    void take();
    return () => {
      gone = true;
      if (url !== null) {
        URL.revokeObjectURL(url);
        setLoaded(NOTHING);
      }
    };
  }, [file, type, load, attempt]);
  return loaded;
}
