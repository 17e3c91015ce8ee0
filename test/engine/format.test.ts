import test from 'ava';
import {
  bindingAccess,
  bufferKinds,
  dtypeCodes,
  formatVersion,
  opcodes,
  outputModes,
  tapeOps,
} from '../../lib/encoded.js';
import { loadAddon } from '../../lib/engine/addon.js';

test('both languages have the same lists of codes', (t) => {
  t.deepEqual(loadAddon().format, {
    version: formatVersion,
    dtypes: dtypeCodes,
    bufferKinds,
    access: bindingAccess,
    opcodes,
    tapeOps,
    outputModes,
  });
});
