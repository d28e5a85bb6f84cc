export * from './numbers';
export * from './request';
export * from './series';
export * from './types';
