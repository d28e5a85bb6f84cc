import { MetricSummary, Progress, RunError, RunStatus } from '../api';

/**
 * What the kernel tells of a run: the words of `Run`, as far as a card outside JupyterLab shows them, and what the card
 * reads elsewhere. jupyter_mlws/widgets/facts.py writes it.
 */
export interface IFacts {
  readonly number: number;
  readonly experiment: string;
  readonly display_name: string;
  readonly status: RunStatus;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly child_count: number;
  readonly children_ended: number;
  readonly compute_target: string;
  readonly waiting_for: string;
  readonly params: Readonly<Record<string, string>>;
  /** The first of them; `metric_count` says how many there are. */
  readonly metrics: readonly MetricSummary[];
  readonly metric_count: number;
  /** Names of the metrics that are drawn. */
  readonly charts: readonly string[];
  readonly progress: Progress | null;
  readonly error: RunError | null;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
  /** End of the log as it came, terminal escapes and all. */
  readonly log: string;
  /** The first of the outputs; `file_count` says how many there are. */
  readonly files: readonly {
    readonly name: string;
    readonly size_bytes: number;
  }[];
  readonly file_count: number;
  /** What its processes use at the moment, as far as it was measured. */
  readonly usage: readonly MetricSummary[];
  /** Why the last wish of a person was refused, or why nothing new comes; '' where all is well. */
  readonly trouble: string;
}
