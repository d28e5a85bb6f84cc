import { MetricSummary, Run } from '../api';
import { waitsFor } from './status';

/** A line of the list: a run, or a child of an opened one. */
export interface IRow {
  readonly run: Run;
  readonly depth: number;
  /** Null where nothing can be opened. */
  readonly expanded: boolean | null;
  /** Position among its siblings, from 1, and how many they are. */
  readonly position: number;
  readonly siblings: number;
  /** Parameters that tell this run from the others beside it. */
  readonly params: readonly (readonly [string, string])[];
  readonly metric: MetricSummary | null;
}

export const ROW_HEIGHT = 26;
export const ROW_HEIGHT_OF_TWO = 42;

/**
 * The lines of the list, children below their parent, whatever the depth.
 *
 * @param runs top-level runs, newest first
 * @param children of opened runs
 * @param expanded ids of opened runs
 */
export function buildRows(
  runs: readonly Run[],
  children: ReadonlyMap<string, readonly Run[]>,
  expanded: ReadonlySet<string>
): IRow[] {
  const rowsOf = (siblings: readonly Run[], depth: number): IRow[] =>
    siblingRows(siblings, depth).flatMap(row => {
      if (row.run.child_count === 0) {
        return [row];
      }
      const open = expanded.has(row.run.id);
      const beneath = open ? (children.get(row.run.id) ?? []) : [];
      return [{ ...row, expanded: open }, ...rowsOf(beneath, depth + 1)];
    });
  return rowsOf(runs, 0);
}

function siblingRows(runs: readonly Run[], depth: number): IRow[] {
  const groups = byExperiment(runs);
  return runs.map((run, i) => {
    const group = groups.get(run.experiment)!;
    return {
      run,
      depth,
      expanded: null,
      position: i + 1,
      siblings: runs.length,
      params: Object.entries(run.params).filter(([name]) =>
        group.differing.has(name)
      ),
      metric: run.metrics.find(m => m.name === group.metric) ?? null
    };
  });
}

interface IGroup {
  differing: Set<string>;
  metric: string | null;
}

function byExperiment(runs: readonly Run[]): Map<string, IGroup> {
  const members = new Map<string, Run[]>();
  for (const run of runs) {
    const list = members.get(run.experiment);
    if (list) {
      list.push(run);
    } else {
      members.set(run.experiment, [run]);
    }
  }
  const groups = new Map<string, IGroup>();
  members.forEach((list, experiment) => {
    groups.set(experiment, {
      differing: differingParams(list),
      metric: leadingMetric(list)
    });
  });
  return groups;
}

/**
 * Names of the parameters that do not have one value in all of the runs. Runs that record none are left out.
 */
export function differingParams(runs: readonly Run[]): Set<string> {
  const recorded = runs.filter(run => Object.keys(run.params).length > 0);
  const differing = new Set<string>();
  for (const name of new Set(
    recorded.flatMap(run => Object.keys(run.params))
  )) {
    if (recorded.some(run => run.params[name] !== recorded[0].params[name])) {
      differing.add(name);
    }
  }
  return differing;
}

// What people look for first; anything else comes after, by name.
const LEADERS = [
  /(^|[^a-z])(val|valid|validation|test).*(acc|auc|f1|score|r2|map)/i,
  /(acc|auc|f1|score|r2)/i,
  /(val|valid|validation|test).*(loss|error|rmse|mse|mae)/i,
  /(loss|error|rmse|mse|mae)/i
];

/**
 * The one metric that stands for runs in a list: one that many of them have, and the most telling of these.
 */
export function leadingMetric(runs: readonly Run[]): string | null {
  return leadingMetrics(runs)[0] ?? null;
}

/** Names of the metrics that many of the runs have, the most telling first. */
export function leadingMetrics(runs: readonly Run[]): string[] {
  const counts = new Map<string, number>();
  for (const metric of runs.flatMap(run => run.metrics)) {
    counts.set(metric.name, (counts.get(metric.name) ?? 0) + 1);
  }
  const most = Math.max(0, ...counts.values());
  const common = [...counts.keys()].filter(
    name => counts.get(name)! * 2 >= most
  );
  return common.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function rank(name: string): number {
  const found = LEADERS.findIndex(pattern => pattern.test(name));
  return found < 0 ? LEADERS.length : found;
}

/** Whether there is more to say of a run than fits on one line. */
export function hasSecondLine(row: IRow): boolean {
  return row.params.length > 0 || waitsFor(row.run) !== '';
}

/** Height of a line in pixels. */
export function heightOf(row: IRow): number {
  return hasSecondLine(row) ? ROW_HEIGHT_OF_TWO : ROW_HEIGHT;
}

/** The lines of a window, and the empty space above and below them. */
export interface IWindow {
  readonly first: number;
  readonly last: number;
  readonly above: number;
  readonly below: number;
}

/**
 * Which lines to draw for a window of the list, with a few more on each side.
 *
 * @returns the half-open range [first, last) and the height of what is left out
 */
export function windowOf(
  heights: readonly number[],
  scrollTop: number,
  height: number,
  overscan = 6
): IWindow {
  const tops = [0];
  for (const h of heights) {
    tops.push(tops[tops.length - 1] + h);
  }
  const total = tops[heights.length];
  const start = lastAtMost(tops, Math.max(0, scrollTop));
  const end = lastAtMost(tops, scrollTop + height) + 1;
  const first = Math.min(heights.length, Math.max(0, start - overscan));
  const last = Math.max(first, Math.min(heights.length, end + overscan));
  return { first, last, above: tops[first], below: total - tops[last] };
}

/** Index of the last of the rising numbers that is not above the limit. */
function lastAtMost(rising: readonly number[], limit: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (rising[middle] <= limit) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}
