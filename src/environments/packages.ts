import { Environment, EnvironmentLock, EnvironmentSpec } from '../api';

/** An exact package of a lock. */
export interface IPackage {
  readonly name: string;
  readonly version: string;
}

const PINNED = /^([A-Za-z0-9][\w.-]*)==([^\s;\\]+)/gm;

/** The exact packages in the text of a lock. */
export function packagesOf(text: string): IPackage[] {
  return [...text.matchAll(PINNED)].map(([, name, version]) => ({
    name,
    version
  }));
}

/** The packages of a lock as lines of a requirements file, without hashes. */
export function requirementsOf(text: string): string {
  return packagesOf(text)
    .map(({ name, version }) => `${name}==${version}\n`)
    .join('');
}

/** The lock that has a digest; where none is asked for, the one of this machine or the only one. */
export function chooseLock(
  locks: readonly EnvironmentLock[],
  digest: string
): EnvironmentLock | null {
  return digest === ''
    ? (locks[0] ?? null)
    : (locks.find(lock => lock.digest === digest) ?? null);
}

/** So much of a digest tells it from all others that a person meets. */
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, 12);
}

/** What differs: `before` and `after` are '' where a side says nothing. */
export interface IDifference {
  readonly what: string;
  readonly before: string;
  readonly after: string;
}

/** In which exact packages two locks differ. */
export function differenceOfLocks(one: string, other: string): IDifference[] {
  const sides = [one, other].map(
    text => new Map(packagesOf(text).map(it => [it.name, it.version]))
  );
  return compareMaps(sides[0], sides[1]);
}

/** What two versions ask for differently; names of facts come from `words`. */
export function differenceOfSpecs(
  one: EnvironmentSpec,
  other: EnvironmentSpec,
  words: ISpecWords
): IDifference[] {
  return compareMaps(factsOf(one, words), factsOf(other, words));
}

/** What the facts of a specification are called. */
export interface ISpecWords {
  readonly python: string;
  readonly image: string;
  readonly dockerfile: string;
}

/** What is in one map and not the same in the other, by name. */
export function compareMaps(
  one: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>
): IDifference[] {
  return [...new Set([...one.keys(), ...other.keys()])]
    .sort()
    .map(what => ({
      what,
      before: one.get(what) ?? '',
      after: other.get(what) ?? ''
    }))
    .filter(({ before, after }) => before !== after);
}

function factsOf(spec: EnvironmentSpec, words: ISpecWords) {
  const facts = new Map<string, string>();
  const put = (what: string, value: string) => {
    if (value !== '') {
      facts.set(what, value);
    }
  };
  put(words.python, spec.python);
  put(words.image, spec.base_image);
  put(words.dockerfile, spec.dockerfile);
  for (const line of [...spec.conda, ...spec.packages]) {
    const name = nameOf(line);
    // A name may be asked for twice, for one system and for another.
    put(name, [facts.get(name), line.trim()].filter(Boolean).join(', '));
  }
  for (const [name, value] of Object.entries(spec.environment_variables)) {
    put(`$${name}`, value);
  }
  return facts;
}

/** The package that a requirement is about, as indexes write it. */
export function nameOf(requirement: string): string {
  const name = /^\s*([A-Za-z0-9][\w.-]*)/.exec(requirement)?.[1];
  return name?.toLowerCase().replace(/[-_.]+/g, '-') ?? requirement.trim();
}

/** `name:version`, as submissions name it. */
export function idOf(environment: { name: string; version: number }): string {
  return `${environment.name}:${environment.version}`;
}

/** The name and version in `name:version`; null for anything else, such as 'kernel'. */
export function parseId(id: string): { name: string; version: number } | null {
  const found = /^([^:@]+):([1-9]\d*)$/.exec(id);
  return found && { name: found[1], version: Number(found[2]) };
}

/** What an environment is, in a word. */
export type EnvironmentKind =
  'packages' | 'conda' | 'image' | 'dockerfile' | 'interpreter';

export function kindOf({ spec }: Environment): EnvironmentKind {
  if (spec.dockerfile !== '') {
    return 'dockerfile';
  }
  if (spec.kind === 'user_managed') {
    return spec.base_image !== '' ? 'image' : 'interpreter';
  }
  return spec.conda.length > 0 ? 'conda' : 'packages';
}

/** Whether a version can be resolved to exact packages and built of them. */
export function isManaged({ spec }: Environment): boolean {
  return spec.kind === 'system_managed';
}

/** Whether only containers can run it. */
export function needsContainer({ spec }: Environment): boolean {
  return spec.base_image !== '' || spec.dockerfile !== '';
}
