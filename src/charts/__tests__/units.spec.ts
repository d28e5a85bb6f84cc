import { tickText, valueText } from '../units';

describe('units', () => {
  it.each([
    ['system/memory_bytes', 2.1e9, '2.1 GB'],
    ['system/gpu_memory_bytes', 0, '0 B'],
    ['system/gpu_memory_bytes', NaN, 'NaN'],
    ['system/disk_read_bytes_per_s', 1.25e6, '1.3 MB/s'],
    ['system/gpu_percent', 187.25, '187.25 %'],
    ['system/gpus', 2, '2'],
    // What a script logs may be of any other unit.
    ['memory_bytes', 2.1e9, '2.10e+9'],
    ['percent', 12, '12']
  ])('of %s and %d are %s', (name, value, text) => {
    expect(valueText(name, value)).toBe(text);
  });

  it.each([
    ['system/memory_bytes', 0, '0'],
    ['system/memory_bytes', 2e9, '2 GB'],
    ['system/memory_bytes', 2.25e9, '2.25 GB'],
    ['system/disk_write_bytes_per_s', 5e5, '500 kB'],
    ['system/cpu_percent', 150, '150 %'],
    ['loss', 2e9, '2e+9']
  ])('of %s stand at %d of an axis as %s', (name, value, text) => {
    expect(tickText(name, value)).toBe(text);
  });
});
