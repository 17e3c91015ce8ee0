// Prints the folder of the libraries that stand in for NVIDIA's, for BILEVEL_CUDA_PATH; compiles them where they have
// changed. `npx tsc` comes first.
import { fakeCuda } from '../../dist/test/support/engine/fake-cuda.js';

console.log(await fakeCuda());
