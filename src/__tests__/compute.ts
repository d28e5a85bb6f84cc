import { Compute } from '../api';

/** A compute target as the server tells of it. */
export function makeCompute(facts: Partial<Compute> = {}): Compute {
  return {
    name: 'local',
    kind: 'local',
    slots: 2,
    gpus: 0,
    running: 1,
    queued: 0,
    note: '',
    ready: true,
    takes: 'interpreter',
    paused: false,
    has_load: false,
    ...facts
  };
}
