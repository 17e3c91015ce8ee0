import { type CompiledProgram, compileCached, optionsFor } from '../../compile/index.js';
import { bindTensors, type Device, type Program } from '../../engine/index.js';
import { argMax, cast, equal, input, mean, type Node } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';
import type { HyperCleaningData } from './data.js';
import { logits, losses } from './problem.js';

/** How good a model is: mean cross-entropies without weights, in nats, and the share of right predictions. */
export interface Quality {
  /** On the training images with their right labels, which is what the paper plots. */
  readonly trainingLoss: number;
  /** On the training images with the labels as given. */
  readonly givenLoss: number;
  readonly testLoss: number;
  readonly testAccuracy: number;
}

/** Judges models on all samples, with a program that is compiled once. */
export class Evaluation implements Disposable {
  readonly #compiled: CompiledProgram;
  readonly #program: Program;
  readonly #tensors: Readonly<Record<string, Tensor>>;
  readonly #values = {
    trainingLoss: Tensor.zeros([]),
    givenLoss: Tensor.zeros([]),
    testLoss: Tensor.zeros([]),
    testAccuracy: Tensor.zeros([]),
  };

  constructor({ classes, train, trueLabels, test }: HyperCleaningData, device: Device) {
    this.#tensors = {
      trainInputs: train.inputs,
      givenLabels: train.labels,
      trueLabels,
      testInputs: test.inputs,
      testLabels: test.labels,
    };
    const like = (name: string, { shape, dtype }: Tensor): Node => input(name, shape, dtype);
    const w = input('w', [classes, train.inputs.shape[1] ?? 0]);
    const trained = like('trainInputs', train.inputs);
    const [tested, testLabels] = [like('testInputs', test.inputs), like('testLabels', test.labels)];
    const spec = {
      outputs: {
        trainingLoss: mean(losses(w, trained, like('trueLabels', trueLabels))),
        givenLoss: mean(losses(w, trained, like('givenLabels', train.labels))),
        testLoss: mean(losses(w, tested, testLabels)),
        testAccuracy: mean(cast(equal(argMax(logits(w, tested), 1), testLabels), 'float32')),
      },
    };
    this.#compiled = compileCached(spec, optionsFor(device));
    this.#program = device.load(this.#compiled);
  }

  /** @param w the linear model, float32 [classes, features] */
  async of(w: Tensor): Promise<Quality> {
    const all: Readonly<Record<string, Tensor>> = { ...this.#tensors, ...this.#values, w };
    await this.#program.run(bindTensors(this.#compiled, all));
    const value = (name: keyof Quality): number => this.#values[name].data[0] ?? Number.NaN;
    return {
      trainingLoss: value('trainingLoss'),
      givenLoss: value('givenLoss'),
      testLoss: value('testLoss'),
      testAccuracy: value('testAccuracy'),
    };
  }

  dispose(): void {
    this.#program.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
