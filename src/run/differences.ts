import { TranslationBundle } from '@jupyterlab/translation';

import { Run, toNumber } from '../api';
import { formatBytes, formatNumber } from '../components/format';
import { statusText } from '../components/status';
import { compareMaps, IDifference } from '../environments/packages';
import { nameOf } from '../runs/RunRow';
import { durationText } from '../runs/status';

/** A metric in two runs; NaN where one has none. */
export interface IMetricDifference {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

type Facts = readonly (readonly [string, string])[];

/** What differs of how two runs came about, and of how they went. */
export function differenceOfFacts(
  trans: TranslationBundle,
  before: Run,
  after: Run,
  now: number
): IDifference[] {
  return differing(factsOf(trans, before, now), factsOf(trans, after, now));
}

function factsOf(trans: TranslationBundle, run: Run, now: number): Facts {
  return [
    [trans.__('Name'), nameOf(run)],
    [trans.__('Experiment'), run.experiment],
    [trans.__('Status'), statusText(trans, run.status)],
    [trans.__('Duration'), durationText(run, now)],
    [trans.__('Notebook'), run.source.document],
    [trans.__('Author'), run.user],
    [trans.__('Compute'), run.compute_target],
    [trans.__('Host'), run.host],
    [trans.__('Environment'), run.environment],
    [trans.__('Python'), run.properties['mlws.environment_python'] ?? ''],
    [trans.__('Arguments'), run.arguments.join(' ')],
    [trans.__('Commit'), run.git?.commit?.slice(0, 10) ?? ''],
    [trans.__('Branch'), run.git?.branch ?? '']
  ];
}

/** Parameters, or tags, that two runs do not share. */
export function differenceOfPairs(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>
): IDifference[] {
  return compareMaps(
    new Map(Object.entries(before)),
    new Map(Object.entries(after))
  );
}

/** What travelled with the cells: values by type and size, functions by their source. */
export function differenceOfInputs(before: Run, after: Run): IDifference[] {
  return differing(inputsOf(before), inputsOf(after));
}

function inputsOf(run: Run): Facts {
  const captured = run.captured.map(it => {
    const size = it.size_bytes > 0 ? formatBytes(it.size_bytes) : '';
    const text = it.how === 'source' ? it.text.trimEnd() : '';
    return [
      it.name,
      text || [it.type, size].filter(Boolean).join(' ')
    ] as const;
  });
  const linked = run.links.map(it => {
    const size = it.size_bytes === null ? '' : formatBytes(it.size_bytes);
    return [it.path, [size, it.modified_at ?? ''].join(' ').trim()] as const;
  });
  return [...captured, ...linked];
}

/** The last values of all metrics that either run has, those that differ first. */
export function differenceOfMetrics(
  before: Run,
  after: Run
): IMetricDifference[] {
  const sides = [before, after].map(
    run => new Map(run.metrics.map(it => [it.name, toNumber(it.last)]))
  );
  const names = new Set([...sides[0].keys(), ...sides[1].keys()]);
  return [...names]
    .sort()
    .map(name => ({
      name,
      before: sides[0].get(name) ?? NaN,
      after: sides[1].get(name) ?? NaN
    }))
    .filter(it => !Object.is(it.before, it.after));
}

/** How far a value is from the other one, as `+0.03 (+4.1 %)`; '' where that says nothing. */
export function changeText({ before, after }: IMetricDifference): string {
  const change = after - before;
  if (!Number.isFinite(change)) {
    return '';
  }
  const sign = change > 0 ? '+' : '−';
  const share = Math.abs((100 * change) / before);
  const percent = Number.isFinite(share)
    ? ` (${sign}${share.toFixed(share < 10 ? 1 : 0)} %)`
    : '';
  return `${sign}${formatNumber(Math.abs(change))}${percent}`;
}

function differing(before: Facts, after: Facts): IDifference[] {
  const order = [...before, ...after].map(([name]) => name);
  const found = compareMaps(new Map(before), new Map(after));
  return found.sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what));
}
