import { Num, RunStatus, toNumber } from '../api';

const LOWER = /(loss|error|rmse|mse|mae|mape|perplexity)/i;
const HIGHER = /(acc|auc|f1|score|r2|map)/i;

/** Which way a metric is better: 1 when it is high, -1 when it is low, 0 where nobody can tell by its name. */
export function betterWay(name: string): -1 | 0 | 1 {
  return LOWER.test(name) ? -1 : HIGHER.test(name) ? 1 : 0;
}

interface IMeasured {
  readonly status: RunStatus;
  readonly metrics: readonly {
    readonly name: string;
    readonly last: Num;
  }[];
}

/** The latest value that a run has of a metric; NaN where it has none. */
export function valueOf(run: IMeasured, name: string): number {
  const metric = run.metrics.find(it => it.name === name);
  return metric ? toNumber(metric.last) : NaN;
}

/** The one of the runs that completed with the best value of a metric, where it is known what is better. */
export function bestOf<T extends IMeasured>(
  runs: readonly T[],
  name: string
): T | null {
  const way = betterWay(name);
  let best: T | null = null;
  let most = -Infinity;
  for (const run of way === 0 ? [] : runs) {
    const value = way * valueOf(run, name);
    if (run.status === 'Completed' && value > most) {
      most = value;
      best = run;
    }
  }
  return best;
}
