import { EnvironmentSpec } from '../../api';
import {
  chooseLock,
  differenceOfLocks,
  differenceOfSpecs,
  kindOf,
  needsContainer,
  packagesOf,
  parseId,
  requirementsOf
} from '../packages';
import { makeEnvironment, makeSpec } from './support';

const LOCK = `attrs==25.4.0 \\
    --hash=sha256:0011 \\
    --hash=sha256:0022
six==1.17.0 ; python_version < "4" \\
    --hash=sha256:0033
`;
const WORDS = { python: 'Python', image: 'Image', dockerfile: 'Dockerfile' };

describe('the packages of a lock', () => {
  it('are its names and versions, without hashes and markers', () => {
    expect(packagesOf(LOCK)).toEqual([
      { name: 'attrs', version: '25.4.0' },
      { name: 'six', version: '1.17.0' }
    ]);
    expect(requirementsOf(LOCK)).toBe('attrs==25.4.0\nsix==1.17.0\n');
    expect(packagesOf('')).toEqual([]);
  });

  it('are those of the lock that a run ran with', () => {
    const lock = { system: 'x', python: '3.11', text: '' };
    const locks = [
      { ...lock, digest: 'a' },
      { ...lock, digest: 'b' }
    ];
    expect(chooseLock(locks, 'b')?.digest).toBe('b');
    expect(chooseLock(locks, '')?.digest).toBe('a');
    expect(chooseLock(locks, 'c')).toBeNull();
    expect(chooseLock([], '')).toBeNull();
  });

  it('differ by name', () => {
    expect(differenceOfLocks(LOCK, 'six==1.16.0\nnew==1\n')).toEqual([
      { what: 'attrs', before: '25.4.0', after: '' },
      { what: 'new', before: '', after: '1' },
      { what: 'six', before: '1.17.0', after: '1.16.0' }
    ]);
    expect(differenceOfLocks(LOCK, LOCK)).toEqual([]);
  });
});

describe('two versions of an environment', () => {
  const differ = (
    one: Partial<EnvironmentSpec>,
    other: Partial<EnvironmentSpec>
  ) =>
    differenceOfSpecs(makeSpec(one), makeSpec(other), WORDS).map(
      ({ what, before, after }) => [what, before, after]
    );

  it('differ in what they ask for, however it is spelled', () => {
    expect(
      differ(
        { packages: ['Scikit_Learn>=1', 'six'], python: '3.11' },
        { packages: ['scikit-learn>=2', 'six'], python: '3.12' }
      )
    ).toEqual([
      ['Python', '3.11', '3.12'],
      ['scikit-learn', 'Scikit_Learn>=1', 'scikit-learn>=2']
    ]);
  });

  it('differ in images, files of Docker and variables', () => {
    expect(
      differ(
        { base_image: 'python:3.11', environment_variables: { A: '1' } },
        { dockerfile: 'FROM x', conda: ['gcc'] }
      )
    ).toEqual([
      ['$A', '1', ''],
      ['Dockerfile', '', 'FROM x'],
      ['Image', 'python:3.11', ''],
      ['gcc', '', 'gcc']
    ]);
  });

  it('keep both lines of a package that is asked for twice', () => {
    const packages = ['six; os_name=="nt"', 'six==1'];
    expect(differ({ packages }, {})).toEqual([
      ['six', 'six; os_name=="nt", six==1', '']
    ]);
  });
});

describe('an environment', () => {
  it('is of a kind', () => {
    const kind = (spec: Partial<EnvironmentSpec>) => {
      const environment = makeEnvironment('e', 1, spec);
      return [kindOf(environment), needsContainer(environment)];
    };
    expect(kind({})).toEqual(['packages', false]);
    expect(kind({ conda: ['gcc'] })).toEqual(['conda', false]);
    expect(kind({ base_image: 'python:3.11' })).toEqual(['packages', true]);
    const kindWord = 'user_managed';
    expect(kind({ kind: kindWord, base_image: 'x' })).toEqual(['image', true]);
    expect(kind({ kind: kindWord, dockerfile: 'FROM x' })).toEqual([
      'dockerfile',
      true
    ]);
    expect(kind({ kind: kindWord, python: '/bin/python' })).toEqual([
      'interpreter',
      false
    ]);
  });

  it('is told by name and version, and the kernel is none', () => {
    expect(parseId('sk:3')).toEqual({ name: 'sk', version: 3 });
    for (const none of ['kernel', 'sk@label', 'sk:0', 'sk:', ':1']) {
      expect(parseId(none)).toBeNull();
    }
  });
});
