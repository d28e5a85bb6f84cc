import { BuiltEnvironment, Environment, EnvironmentSpec } from '../../api';

export function makeSpec(
  facts: Partial<EnvironmentSpec> = {}
): EnvironmentSpec {
  return {
    kind: 'system_managed',
    python: '',
    packages: [],
    conda: [],
    channels: [],
    base_image: '',
    dockerfile: '',
    environment_variables: {},
    ...facts
  };
}

export function makeEnvironment(
  name: string,
  version: number,
  spec: Partial<EnvironmentSpec> = {},
  labels: string[] = []
): Environment {
  return {
    name,
    version,
    created_at: '2026-01-31T12:00:00Z',
    spec: makeSpec(spec),
    user: 'ada',
    description: '',
    labels
  };
}

export function makeBuilt(...versions: string[]): BuiltEnvironment {
  return {
    digest: 'd',
    python: '3.11',
    size_bytes: 2e6,
    built_at: '2026-01-31T12:00:00Z',
    used_at: '2026-01-31T12:00:00Z',
    versions
  };
}
