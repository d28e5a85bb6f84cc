import * as React from 'react';

import { formatTick } from '../components/format';
import { escapeControls } from '../components/text';
import { useTranslation } from '../components/translation';
import { Load, useFileUrl } from './loading';
import { Missing } from './Missing';
import { ISound } from './reading';

/** Kinds that a browser plays as sound and as nothing else. */
const SAFE: ReadonlySet<string> = new Set([
  'audio/wav',
  'audio/mpeg',
  'audio/ogg',
  'audio/flac'
]);

/** A sound with the browser's own controls, which are whole by keyboard; it never begins by itself. */
export function Sound(props: {
  name: string;
  sound: ISound;
  load: Load;
  fileCount: number;
}): JSX.Element {
  const trans = useTranslation();
  const { sound, load, fileCount } = props;
  const playable = SAFE.has(sound.mediaType);
  const { found: url, error } = useFileUrl(
    playable ? sound.file : null,
    sound.mediaType,
    load,
    fileCount
  );
  if (!playable) {
    return (
      <p className="jp-mlws-hint">
        {trans.__(
          'The sound %1 (%2) is not played here; it is among the files of the run.',
          escapeControls(sound.file),
          escapeControls(sound.mediaType)
        )}
      </p>
    );
  }
  if (error) {
    return <Missing file={sound.file} error={error} />;
  }
  const facts = [
    ...(sound.seconds > 0 ? [`${formatTick(sound.seconds)} s`] : []),
    ...(sound.sampleRate > 0
      ? [`${formatTick(sound.sampleRate / 1000)} kHz`]
      : []),
    ...(sound.channels > 1 ? [trans.__('%1 channels', sound.channels)] : [])
  ];
  return (
    <div className="jp-mlws-sound" aria-busy={url === null || undefined}>
      {url !== null && (
        <audio
          controls
          preload="metadata"
          src={url}
          aria-label={trans.__('Sound %1', escapeControls(props.name))}
        />
      )}
      <span className="jp-mlws-hint">{facts.join(' · ')}</span>
    </div>
  );
}
