// What is used of TensorFlow.js, whose packages are the user's: nothing is imported from them.

/** Numbers of which a tf.Tensor is made. */
export type TfValues = Float32Array | Int32Array | Uint8Array;

/** A tf.Tensor, of whichever backend. */
export interface TfTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly isDisposed: boolean;
  /** The elements, row by row. */
  dataSync(): unknown;
  /** Frees the memory. */
  dispose(): void;
}

/** The module that makes tensors: `import * as tf from '@tensorflow/tfjs'`, or tfjs-node, or tfjs-core. */
export interface TfModule<T extends TfTensor = TfTensor> {
  /** Makes a tensor. */
  tensor(values: TfValues, shape: number[], dtype: 'float32' | 'int32' | 'bool'): T;
}

/** A weight of a layer. */
export interface TfVariable<T extends TfTensor = TfTensor> {
  readonly name: string;
  /** Its value. */
  read(): T;
  /** Sets its value. */
  write(value: T): unknown;
}

/** A tf.layers.Layer. */
export interface TfLayer<T extends TfTensor = TfTensor> {
  readonly name: string;
  readonly weights: readonly TfVariable<T>[];
  readonly inboundNodes: readonly { readonly inboundLayers: readonly { readonly name: string }[] }[];
  /** The name of its class, such as `Dense`. */
  getClassName(): string;
  /** What it was constructed with. */
  getConfig(): Readonly<Record<string, unknown>>;
}

/** A tf.LayersModel. */
export interface TfLayersModel<T extends TfTensor = TfTensor> {
  readonly layers: readonly TfLayer<T>[];
  readonly trainableWeights: readonly TfVariable<T>[];
  readonly inputs: readonly { readonly shape: readonly (number | null)[] }[];
  readonly outputs: readonly { readonly sourceLayer: { readonly name: string } }[];
}

/** A tf.GraphModel. */
export interface TfGraphModel<T extends TfTensor = TfTensor> {
  readonly weights: Readonly<Record<string, readonly T[]>>;
}
