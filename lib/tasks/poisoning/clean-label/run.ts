import { imageDataUri } from '../../../report/gallery.js';
import { respond, type SavedState } from '../../../solvers/index.js';
import type { Resources, Run, Step } from '../../../study/index.js';
import type { Tensor } from '../../../tensor.js';
import { changesOf } from '../changes.js';
import type { CleanLabelInputs } from './data.js';
import { computeFeatures } from './features.js';
import { type Head, marginOf } from './head.js';
import { type CleanLabelRow, type Maker, makers } from './makers.js';
import { cleanLabelProblem } from './problem.js';
import type { CleanLabelMethod, CleanLabelSettings } from './settings.js';

/** Targets whose points are shown. */
const shown = 12;

/** What became of a target. */
export interface TargetResult {
  /** Whether a last layer that is trained on the clean points and the poison point takes it for the other class. */
  readonly isTaken: boolean;
  /** |u - base|. */
  readonly distance: number;
  /** |r(u) - r(t)|^2. */
  readonly collision: number;
  /** Base, poison and target as PNG images in data URIs. */
  readonly images?: readonly string[];
  /** Of other samples the inputs of the base that changed most. */
  readonly changes?: readonly string[];
}

/** What a method came to within a radius. */
export interface CleanLabelEnding {
  readonly radius: number;
  /** Of the last layer that is trained on the clean points alone, in per cent. */
  readonly accuracy: number;
  /** Where the network was cut, and how many features it gives. */
  readonly upTo: string;
  readonly features: number;
  readonly targets: readonly TargetResult[];
  /** The classes of targets and of bases. */
  readonly names: { readonly from: string; readonly to: string };
}

/** One way to make the points of all targets, within one radius. */
export class CleanLabelRun implements Run<CleanLabelEnding> {
  readonly #name: CleanLabelMethod;
  readonly #inputs: CleanLabelInputs;
  readonly #settings: CleanLabelSettings;
  readonly #radius: number;
  readonly #resources: Pick<Resources, 'device' | 'signal'>;
  readonly #maker: Maker;

  /**
   * @param share radius as a part of the mean distance between targets and bases
   * @throws STATE_MISMATCH for a state of another run
   */
  constructor(
    name: CleanLabelMethod,
    share: number,
    inputs: CleanLabelInputs,
    settings: CleanLabelSettings,
    { device, signal }: Pick<Resources, 'device' | 'signal'>,
    saved?: SavedState,
  ) {
    this.#name = name;
    this.#inputs = inputs;
    this.#settings = settings;
    this.#radius = share * inputs.distance;
    this.#resources = { device, signal };
    this.#maker = makers[name]({ inputs, settings, radius: this.#radius, resources: this.#resources, saved });
  }

  async *steps(): AsyncGenerator<Step & { readonly row: CleanLabelRow }, void, undefined> {
    const { total } = this.#maker;
    for await (const row of this.#maker.rows()) {
      yield { row, done: row.iteration, total, detail: `cost ${row.cost.toPrecision(3)}` };
    }
  }

  save(): SavedState {
    return this.#maker.save();
  }

  /** Trains a last layer anew for every target. @throws ABORTED */
  async end(): Promise<CleanLabelEnding> {
    const { accuracy, map, targetFeatures, names } = this.#inputs;
    return {
      radius: this.#radius,
      accuracy,
      upTo: map.upTo,
      features: targetFeatures.shape[1] ?? 0,
      targets: await this.#judge(),
      names,
    };
  }

  async #judge(): Promise<TargetResult[]> {
    const { map, targetFeatures, targets, bases, box } = this.#inputs;
    const { device, signal } = this.#resources;
    const start = this.#name === 'copy' ? targets : bases;
    const poison = this.#maker.poison();
    const problem = cleanLabelProblem(this.#inputs, this.#settings, start);
    const { v } = await respond(problem, { poison }, { device, signal });
    const inputs = box.inputsOf(poison, start);
    const features = await computeFeatures(map, inputs, device);
    const origins = box.toUnit(bases);
    const squares = (a: Tensor<'float32'>, b: Tensor<'float32'>, row: number): number => {
      const width = a.size / (a.shape[0] ?? 1);
      const part = ({ data }: Tensor<'float32'>) => data.subarray(row * width, (row + 1) * width);
      const other = part(b);
      return part(a).reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0);
    };
    return Array.from({ length: targetFeatures.shape[0] ?? 0 }, (_, row) => ({
      isTaken: marginOf(v as object as Head, targetFeatures, row, row) > 0,
      distance: Math.sqrt(squares(poison, origins, row)),
      collision: squares(features, targetFeatures, row),
      ...(row < shown && this.#pictureOf(inputs, row)),
    }));
  }

  #pictureOf(poison: Tensor<'float32'>, row: number): Pick<TargetResult, 'images' | 'changes'> {
    const { bases, targets } = this.#inputs;
    return poison.shape.length === 4
      ? { images: [bases, poison, targets].map((each) => imageDataUri(each, row)) }
      : { changes: changesOf(this.#inputs, bases, poison, row) };
  }

  [Symbol.dispose](): void {
    this.#maker[Symbol.dispose]();
  }
}
