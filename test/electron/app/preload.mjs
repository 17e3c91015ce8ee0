// A preload script without a sandbox, which is the only kind that has Node.
import { ipcRenderer } from 'electron';
import { perform } from './perform.mjs';

await perform(process.env.BILEVEL_WORK, (message) => ipcRenderer.send('told', message));
