/** The precisions of a device that are compared, the exact one first. */
export const precisions = ['float32', 'bf16'];
