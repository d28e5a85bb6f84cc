import { Num } from './types';

/**
 * A float of the API as a number: what JSON has no number for travels as its name.
 */
export function toNumber(value: Num): number {
  return typeof value === 'number' ? value : Number(value);
}
