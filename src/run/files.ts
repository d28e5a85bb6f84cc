import { RunFile, TypedMetric } from '../api';
import { isOutputs } from '../runs/detail';

/** Files of a run by whose they are. */
export interface ISortedFiles {
  /** What the script left. */
  readonly outputs: readonly RunFile[];
  /** What the script logged, such as pictures: it is shown as values. */
  readonly values: readonly RunFile[];
  /** What the cell assigned. */
  readonly returned: readonly RunFile[];
  readonly logs: readonly RunFile[];
}

/** Results that only we read; what is shown by other means. */
const INTERNAL = /^(index\.json|error\.json|captured\..*|\..*)$/;
/** The file of a logged value: numbered in the folder of its metric, or named by its content. */
const VALUE = /^(.+)\/(?:\d{1,6}|[0-9a-f]{16})\.[a-z0-9]+$/;
/** What a folder has behind the letters of a metric's name that is no name of a folder. */
const MARK = /-[0-9a-f]{8}$/;

/** Files by whose they are, without those that mean nothing to a person. */
export function sortFiles(
  files: readonly RunFile[],
  typed: readonly TypedMetric[] = []
): ISortedFiles {
  const names = new Set(typed.map(metric => metric.name));
  const plain = new Set(typed.map(metric => plainOf(metric.name)));
  const isValue = ({ name }: RunFile) => {
    const folder = VALUE.exec(name)?.[1];
    return (
      folder !== undefined &&
      (names.has(folder) ||
        (MARK.test(folder) && plain.has(folder.replace(MARK, ''))))
    );
  };
  const left = files.filter(file => file.kind === 'output');
  return {
    outputs: left.filter(file => !isValue(file)),
    values: left.filter(isValue),
    returned: files.filter(
      file =>
        file.kind === 'result' && !INTERNAL.test(file.name) && !isOutputs(file)
    ),
    logs: files.filter(file => file.kind === 'log')
  };
}

/** Whether there may be values among the files of a run, so that it is worth asking which it logged. */
export function mayHaveValues(files: readonly RunFile[]): boolean {
  return files.some(file => file.kind === 'output' && VALUE.test(file.name));
}

/** As `folder_of_values` of jupyter_mlws/domain/media.py begins the folder of a metric. */
function plainOf(name: string): string {
  const letters = name.replace(/[^A-Za-z0-9_-]+/g, '_');
  return letters.replace(/^_+|_+$/g, '').slice(0, 60) || 'value';
}

/** The name that a cell assigned, of the file in which its value is kept; of any other file its own. */
export function shownName(file: RunFile): string {
  return file.kind === 'result' ? file.name.replace(/\.pkl$/, '') : file.name;
}
