import { BilevelError } from '../errors.js';
import { saturate } from './file/element-types.js';
import {
  type AttributeProto,
  type GraphProto,
  type TensorProto,
  AttributeProto_AttributeType as Type,
} from './file/schema/onnx_pb.js';
import type { ModelNode } from './model-node.js';
import { quote } from './quote.js';

/**
 * The attributes of one node, read by name and type. Which ones were read is remembered, so that an attribute which
 * the importer does not understand is refused instead of ignored.
 */
export class Attributes {
  readonly #node: ModelNode;
  readonly #attributes: ReadonlyMap<string, AttributeProto>;
  readonly #read = new Set<string>();

  constructor(node: ModelNode) {
    this.#node = node;
    this.#attributes = new Map(node.attributes.map((attribute) => [attribute.name, attribute]));
    if (this.#attributes.size !== node.attributes.length) {
      throw new BilevelError('INVALID_FILE', `${node.label} has the same attribute twice.`);
    }
  }

  /** Marks attributes as understood without using their values. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read.add(name);
  }

  unread(): string[] {
    return [...this.#attributes.keys()].filter((name) => !this.#read.has(name));
  }

  has(name: string): boolean {
    return this.#attributes.has(name);
  }

  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    const attribute = this.#get(name, Type.INT);
    return attribute === undefined ? fallback : saturate(attribute.i);
  }

  /** An integer that stands for yes (1) or no (0). */
  flag(name: string, fallback = false): boolean {
    return this.int(name, fallback ? 1 : 0) !== 0;
  }

  float(name: string): number | undefined;
  float(name: string, fallback: number): number;
  float(name: string, fallback?: number): number | undefined {
    return this.#get(name, Type.FLOAT)?.f ?? fallback;
  }

  ints(name: string): number[] | undefined {
    return this.#get(name, Type.INTS)?.ints.map(saturate);
  }

  floats(name: string): number[] | undefined {
    return this.#get(name, Type.FLOATS)?.floats;
  }

  strings(name: string): string[] | undefined {
    return this.#get(name, Type.STRINGS)?.strings.map((text) => new TextDecoder().decode(text));
  }

  tensor(name: string): TensorProto | undefined {
    return this.#get(name, Type.TENSOR)?.t;
  }

  /** A branch, or the body of a loop. */
  graph(name: string): GraphProto | undefined {
    return this.#get(name, Type.GRAPH)?.g;
  }

  text(name: string, fallback: string): string {
    const attribute = this.#get(name, Type.STRING);
    return attribute === undefined ? fallback : new TextDecoder().decode(attribute.s);
  }

  texts(name: string): string[] | undefined {
    return this.#get(name, Type.STRINGS)?.strings.map((bytes) => new TextDecoder().decode(bytes));
  }

  /** One of the listed words. */
  word<const W extends string>(name: string, words: readonly W[], fallback: W): W {
    const text = this.text(name, fallback);
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new BilevelError(
      'UNSUPPORTED_OPERATOR',
      `${this.#node.label} has ${name}=${quote(text)}; supported are ${words.join(', ')}.`,
    );
  }

  #get(name: string, type: Type): AttributeProto | undefined {
    this.#read.add(name);
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return undefined;
    if (attribute.type !== type || attribute.refAttrName !== '') {
      throw new BilevelError(
        'INVALID_FILE',
        `Attribute ${name} of ${this.#node.label} should be of type ${Type[type]} but is of type ${Type[attribute.type]}.`,
      );
    }
    return attribute;
  }
}
