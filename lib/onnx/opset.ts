import { BilevelError } from '../errors.js';
import type { OnnxModel } from './file/decode.js';

/**
 * The opsets whose operators are known. What a file may use is decided operator by operator: each row of the table says
 * from and to which opset it is understood, and these are its ends where it says nothing.
 */
export const opsetRange = { oldest: 7, newest: 28 } as const;

/** 'ai.onnx' is another spelling of the standard operators' domain. */
export function standardDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

/**
 * The version of the standard operators that a model uses.
 * @throws INVALID_FILE when it names two, UNSUPPORTED_OPERATOR when it names none
 */
export function readOpset(model: OnnxModel): number {
  const standard = model.opsetImport.filter(({ domain }) => standardDomain(domain) === '');
  const [version, other] = new Set(standard.map((entry) => entry.version));
  if (version === undefined) {
    throw new BilevelError('UNSUPPORTED_OPERATOR', 'The model uses no opset of the standard operators.');
  }
  if (other !== undefined) {
    throw new BilevelError('INVALID_FILE', `The model says that it uses opset ${version} and opset ${other}.`);
  }
  return Number(version);
}
