import type { Sampler } from './sampler.js';

/** Every row in every step, in order. There is nothing to draw, so the feed has no mini-batches. */
export const full: Sampler = Object.freeze<Sampler>({
  description: 'full',
  distinct: true,
  start: ({ size }) => {
    const rows = Int32Array.from({ length: size }, (_, row) => row);
    return { next: () => rows, state: null, restore: () => undefined };
  },
});
