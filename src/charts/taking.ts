import { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from '../api';
import { errorText } from '../components/failure';
import { escapeControls } from '../components/text';
import { Drawer } from './drawer';
import { IMenuItem } from './Menu';
import { IPictureParts, pictureOf, pngOf, save } from './picture';
import { IChartSource } from './source';
import { csvOf, fileNameOf } from './table';

interface ITaking {
  trans: TranslationBundle;
  source: IChartSource;
  host: () => HTMLElement | null;
  drawer: () => Drawer | null;
  /** Told in a sentence what came of it. */
  say: (text: string) => void;
}

/** What can be taken away from a chart: pictures and numbers, into a file or the clipboard. */
export function takingItems(taking: ITaking): IMenuItem[] {
  const { trans, source } = taking;
  const items: IMenuItem[] = [
    {
      label: trans.__('Save as PNG'),
      onSelect: () =>
        telling(taking, '', async () =>
          save(await picture(taking), fileNameOf(source.name, 'png'))
        )
    },
    {
      label: trans.__('Save as CSV'),
      onSelect: () =>
        telling(taking, '', async () => {
          const text = csvOf(source.name, await source.readAll());
          const type = 'text/csv;charset=utf-8';
          save(new Blob([text], { type }), fileNameOf(source.name, 'csv'));
        })
    }
  ];
  if (typeof ClipboardItem !== 'undefined' && navigator.clipboard) {
    items.push({
      label: trans.__('Copy picture'),
      onSelect: () =>
        telling(taking, trans.__('Copied the picture.'), async () =>
          navigator.clipboard.write([
            new ClipboardItem({ 'image/png': picture(taking) })
          ])
        )
    });
  }
  items.push({
    label: trans.__('Copy values'),
    onSelect: () =>
      telling(taking, trans.__('Copied the values.'), async () =>
        copyText(csvOf(source.name, await source.readAll()))
      )
  });
  return items;
}

async function picture(taking: ITaking): Promise<Blob> {
  const host = taking.host();
  const drawer = taking.drawer();
  if (!host || !drawer?.canvas) {
    throw new ApiError('not_drawn', 'The chart is not drawn yet.');
  }
  const lines = drawer.drawing?.lines ?? [];
  const parts: IPictureParts = {
    title: escapeControls(taking.source.name),
    legend:
      lines.length > 1
        ? lines.map(({ series: { label, style } }) => ({
            label: escapeControls(label),
            style
          }))
        : []
  };
  return pngOf(pictureOf(host, drawer.canvas, parts));
}

function telling(
  { trans, say }: ITaking,
  done: string,
  act: () => Promise<void>
): void {
  act().then(
    () => say(done),
    error =>
      say(
        error instanceof ApiError
          ? errorText(error)
          : trans.__(
              'The browser does not allow it. Save it as a file instead.'
            )
      )
  );
}

/** Where a page is not served safely a browser lends no clipboard, but still copies what is marked. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text);
  }
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (!isCopied) {
    throw new Error('no clipboard');
  }
}
