import type { MethodBuilder, PhaseOptions } from '../machine/builder.js';
import type { Level } from '../machine/level.js';
import type { Phase } from '../machine/phase.js';

/** One step of v along grad_v g, with g and |grad_v g| of the point that it starts from. */
export function lowerPhase(b: MethodBuilder, lower: Level, options: PhaseOptions = {}): Phase {
  return b.phase(
    'lower',
    (o) => {
      const gradient = o.lowerGradient();
      return { updates: lower.step(gradient), reports: { g: o.g, lowerGradient: gradient } };
    },
    options,
  );
}
