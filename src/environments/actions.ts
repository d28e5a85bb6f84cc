import { Environment, RunSubmission } from '../api';
import { idOf, needsContainer } from './packages';

/** The experiment that gathers the runs which only have an environment built. */
export const EXPERIMENT = 'environments';

/**
 * The wish for a run that does nothing: its environment is built for it, with progress, log and a way to cancel it.
 *
 * @param document the notebook in front, whose list then shows the run
 */
export function buildSubmission(
  environment: Environment,
  document: string,
  key: string
): RunSubmission {
  const id = idOf(environment);
  return {
    experiment: EXPERIMENT,
    command: ['python', '-c', 'pass'],
    display_name: `Build ${id}`,
    environment: id,
    compute_target: needsContainer(environment) ? 'docker' : 'local',
    source: {
      document,
      document_id: '',
      cell_id: '',
      cell_source: '',
      execution_count: null,
      origin: ''
    },
    key
  };
}
