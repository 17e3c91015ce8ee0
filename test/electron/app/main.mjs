// Does what BILEVEL_WORK names, a work of work.mjs, where BILEVEL_PLACE says, and prints what comes of it.
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { app, BrowserWindow, ipcMain, utilityProcess } from 'electron';

const { BILEVEL_WORK: work, BILEVEL_PLACE: place } = process.env;
const other = new URL('./place.mjs', import.meta.url);
const preload = fileURLToPath(new URL('./preload.mjs', import.meta.url));
/** The window with the preload script. */
let window;

/** How each place is started; what it tells comes to `tell`. */
const places = {
  main: async (tell) => (await import('./perform.mjs')).perform(work, tell),
  utility: (tell) => utilityProcess.fork(fileURLToPath(other), [work]).on('message', tell),
  worker: (tell) => new Worker(other, { workerData: work }).on('message', tell),
  preload: (tell) => {
    ipcMain.once('told', (_, message) => tell(message));
    window = new BrowserWindow({ show: false, webPreferences: { preload, sandbox: false } });
    return window.loadURL('about:blank');
  },
};

// The way to have shared memory where a page is not isolated from others.
if (process.env.BILEVEL_SHARED) app.commandLine.appendSwitch('enable-features', 'SharedArrayBuffer');

app.whenReady().then(() =>
  places[place]((message) => {
    console.log(JSON.stringify(message));
    // In the middle of the run that the place is about to begin.
    if (message.running) setTimeout(() => app.quit(), 300);
    else app.quit();
  }),
);
