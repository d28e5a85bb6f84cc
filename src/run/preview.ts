import { PathExt } from '@jupyterlab/coreutils';

import { indentJson } from '../components/json';
import { readNotebook, IShownCell } from './notebook';
import { ITable } from '../typed/reading';

/** A larger file is not fetched to be looked at. */
export const MOST_BYTES = 16 * 1024 * 1024;
/** Of a text so many characters are shown, of a table so many rows. */
const MOST_TEXT = 512 * 1024;
const MOST_ROWS = 500;
const MOST_HTML = 4 * 1024 * 1024;

/** What a file looks like. */
export type Preview =
  | { readonly kind: 'image'; readonly type: string }
  | { readonly kind: 'text'; readonly text: string; readonly isCut: boolean }
  | { readonly kind: 'table'; readonly table: ITable; readonly isCut: boolean }
  | { readonly kind: 'notebook'; readonly cells: readonly IShownCell[] }
  | { readonly kind: 'html'; readonly document: string }
  | { readonly kind: 'none' };

const IMAGES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  // In an <img> its scripts do not run, and it fetches nothing.
  '.svg': 'image/svg+xml'
};

/** Kinds of files that nobody can look at here, whatever their size. */
const BINARY =
  /\.(pkl|pickle|joblib|pt|pth|npy|npz|onnx|h5|zip|gz|parquet|so)$/i;

/** Whether it makes sense to fetch a file for a look at it. */
export function isWorthFetching(name: string, size: number): boolean {
  return size <= MOST_BYTES && !BINARY.test(name);
}

/** See what the bytes of a file are: by its name, and where that says nothing, by themselves. */
export function previewOf(name: string, bytes: ArrayBuffer): Preview {
  const extension = PathExt.extname(name).toLowerCase();
  const type = IMAGES[extension];
  if (type) {
    return { kind: 'image', type };
  }
  const text = textOf(bytes);
  if (text === null) {
    return { kind: 'none' };
  }
  switch (extension) {
    case '.csv':
      return tableOf(text, ',') ?? cutText(text);
    case '.tsv':
      return tableOf(text, '\t') ?? cutText(text);
    case '.ipynb': {
      const cells = readNotebook(text);
      return cells === null ? cutText(text) : { kind: 'notebook', cells };
    }
    case '.html':
    case '.htm':
      return text.length > MOST_HTML
        ? cutText(text)
        : { kind: 'html', document: closedDocument(text) };
    case '.json':
      return cutText(prettyJson(text));
    default:
      return cutText(text);
  }
}

/** The text that bytes are; null where they are none. */
export function textOf(bytes: ArrayBuffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.slice(0, 8192).includes('\u0000') ? null : text;
  } catch {
    return null;
  }
}

/**
 * A page that can do nothing: a frame's sandbox takes its scripts and forms, and this what it would fetch.
 */
export function closedDocument(html: string): string {
  const policy =
    "default-src 'none'; img-src data:; font-src data:; media-src data:; style-src 'unsafe-inline'";
  return `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}"><base href="about:blank" target="_blank">${html}`;
}

function cutText(text: string): Preview {
  return {
    kind: 'text',
    text: text.slice(0, MOST_TEXT),
    isCut: text.length > MOST_TEXT
  };
}

/** JSON with a line for each of its parts; what is none, or too long to be read so, as it is. */
function prettyJson(text: string): string {
  if (text.length > MOST_TEXT) {
    return text;
  }
  try {
    JSON.parse(text);
  } catch {
    return text;
  }
  return indentJson(text, MOST_TEXT);
}

/** Cells separated by a character, quoted as spreadsheets do; null where there is no table in it. */
function tableOf(text: string, separator: string): Preview | null {
  const rows = readRows(text, separator, MOST_ROWS + 2);
  const [head, ...rest] = rows;
  if (!head || head.length === 0) {
    return null;
  }
  const body = rest.slice(0, MOST_ROWS);
  const columns = head.map((name, i) => name || String(i));
  const table: ITable = {
    columns: unique(columns),
    cells: columns.map((_, i) => body.map(row => valueOf(row[i]))),
    rowCount: body.length
  };
  return { kind: 'table', table, isCut: rest.length > MOST_ROWS };
}

function unique(names: readonly string[]): string[] {
  const seen = new Set<string>();
  return names.map(name => {
    let own = name;
    for (let i = 2; seen.has(own); i++) {
      own = `${name} (${i})`;
    }
    seen.add(own);
    return own;
  });
}

const NUMBER = /^-?(\d{1,15}(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

function valueOf(cell: string | undefined): unknown {
  return cell !== undefined && NUMBER.test(cell) ? Number(cell) : cell;
}

function readRows(text: string, separator: string, most: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endRow = () => {
    row.push(cell);
    if (row.length > 1 || cell !== '') {
      rows.push(row);
    }
    row = [];
    cell = '';
  };
  for (let i = 0; i < text.length && rows.length < most; i++) {
    const letter = text[i];
    if (quoted) {
      if (letter !== '"') {
        cell += letter;
      } else if (text[i + 1] === '"') {
        cell += letter;
        i += 1;
      } else {
        quoted = false;
      }
    } else if (letter === '"' && cell === '') {
      quoted = true;
    } else if (letter === separator) {
      row.push(cell);
      cell = '';
    } else if (letter === '\n') {
      endRow();
    } else if (letter !== '\r') {
      cell += letter;
    }
  }
  if (rows.length < most && (row.length > 0 || cell !== '')) {
    endRow();
  }
  return rows;
}
