// What is found, once for each fault that the arguments name, and at last without one.
import { findDevices } from '../../../lib/engine/index.js';

const found = process.argv.slice(2).map((fault) => {
  process.env.FAKE_CUDA_FAIL = fault;
  return findDevices();
});
delete process.env.FAKE_CUDA_FAIL;
found.push(findDevices());
console.log(JSON.stringify(found));
