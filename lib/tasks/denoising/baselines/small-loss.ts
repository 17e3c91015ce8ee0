import type { Parameters } from '../../../network/classifier.js';
import { givenProbabilities, type Trainer } from '../trainer.js';
import type { Baseline } from './baseline.js';

const rounds = 5;
/** Rounds in which the share that is left out grows to that of the wrong labels. */
const growing = 3;
/** Steps of a round, of those of a training: the networks go on from round to round. */
const share = 0.5;

/**
 * The rule of B. Han et al., *Co-teaching*, NeurIPS 2018: two networks, each trained on the samples whose loss under
 * the other is smallest. The share that is left out grows to that of the wrong labels, which the rule is told. Here
 * validation samples are trained on as well, and trust is the product of the two probabilities of the given label.
 */
export const smallLoss: Baseline = {
  name: 'smallLoss',
  title: 'Small loss',
  note: "co-teaching's rule, told the share of wrong labels",
  async run(trainer) {
    const { corrupted } = trainer.data;
    const wrong = corrupted.data.reduce((sum, each) => sum + each, 0) / corrupted.size;
    const tuned = await trainer.tune();
    let networks: readonly Judged[] = [];
    for (let round = 0; round < rounds; round++) {
      const kept = 1 - wrong * Math.min(1, round / growing);
      const next: Judged[] = [];
      for (const which of [0, 1]) {
        const weights = keepLargest(networks[1 - which]?.trust ?? new Float64Array(trainer.count), kept);
        const start = networks[which]?.parameters;
        const parameters = await trainer.train({
          weights,
          l2: tuned.l2,
          draw: 2 * round + which,
          share: share * tuned.share,
          ...(start && { start }),
        });
        next.push({ parameters, trust: await trustBy(trainer, parameters) });
      }
      networks = next;
    }
    const trust = Float64Array.from({ length: trainer.count }, (_, row) =>
      networks.reduce((product, network) => product * (network.trust[row] ?? 0), 1),
    );
    const weights = keepLargest(trust, 1 - wrong);
    return { trust, flagged: weights.map((kept) => 1 - kept), parameters: await trainer.trainTuned({ weights }) };
  },
};

interface Judged {
  readonly parameters: Parameters;
  readonly trust: Float64Array;
}

async function trustBy(trainer: Trainer, parameters: Parameters): Promise<Float64Array> {
  const { inputs, labels } = trainer.data.train;
  return givenProbabilities(await trainer.probabilities(inputs, parameters), labels);
}

/** 1 for the given share of the samples, those of the largest values; 0 for the others. */
function keepLargest(values: Float64Array, share: number): Float64Array {
  const order = Int32Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const kept = new Float64Array(values.length);
  for (const row of order.subarray(0, Math.round(share * values.length))) kept[row] = 1;
  return kept;
}
