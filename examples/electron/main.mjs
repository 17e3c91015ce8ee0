// The main process: a window, what only it may do (dialogs, files of its own), and the process that trains. Paths come
// from its dialogs alone; the page sees them and cannot make any up. What is told while it trains does not come by here.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { app, BrowserWindow, dialog, ipcMain, MessageChannelMain, utilityProcess } from 'electron';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const networks = ['logreg', 'mlp', 'lenet'];
const shapes = ['1,28,28', '3,32,32', '3,64,64'];

let window;
let trainer;
/** What was chosen in dialogs. */
const chosen = { images: undefined, network: undefined };

/** The last cleaning, ended or not, also of the time before: { settings, out }. */
const lastFile = () => join(app.getPath('userData'), 'last.json');

function readLast() {
  if (!existsSync(lastFile())) return undefined;
  const last = JSON.parse(readFileSync(lastFile(), 'utf8'));
  // One that was refused, because network and images do not fit, has left nothing.
  return existsSync(join(last.out, 'config.json')) ? last : undefined;
}

/** A process that trains, and a port between it and the page. */
function startTrainer() {
  const started = utilityProcess.fork(here('./cleaning.mjs'), [], { serviceName: 'Cleaning' });
  const { port1, port2 } = new MessageChannelMain();
  started.postMessage({ type: 'page' }, [port1]);
  window.webContents.postMessage('port', undefined, [port2]);
  started.once('exit', (code) => {
    if (trainer !== started) return;
    trainer = undefined;
    if (isQuitting) app.quit();
    else if (!window.isDestroyed()) window.webContents.send('ended', code);
  });
  trainer = started;
}

/** The process that trains; a new one where the last has died, as of too little memory. */
function trainerNow() {
  if (trainer === undefined) startTrainer();
  return trainer;
}

function openWindow() {
  window = new BrowserWindow({
    width: 1180,
    height: 820,
    minWidth: 360,
    minHeight: 480,
    webPreferences: { preload: here('./preload.cjs'), sandbox: true, contextIsolation: true, nodeIntegration: false },
  });
  window.removeMenu();
  // The page is ours and stays where it is.
  window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  window.webContents.on('will-navigate', (event) => event.preventDefault());
  // Whoever loads the page anew gets a process anew: the old one's port went with the old page.
  window.webContents.on('did-finish-load', () => {
    trainer?.kill();
    startTrainer();
  });
  window.loadFile(here('./page/index.html'));
}

/** What the page may ask for. */
const requests = {
  networks: () => ({ networks, shapes, last: readLast()?.settings.data.slice('folder:'.length) }),
  chooseImages: () => choose('images', { properties: ['openDirectory'] }),
  chooseNetwork: () =>
    choose('network', { properties: ['openFile'], filters: [{ name: 'ONNX networks', extensions: ['onnx'] }] }),
  clean: ({ network, shape }) => {
    const path = network === 'file' ? chosen.network : networks.find((name) => name === network);
    if (chosen.images === undefined || path === undefined) throw new Error('Choose images and a network.');
    // A folder for each: what was decided in one before is not lost.
    const out = join(app.getPath('userData'), 'cleanings', new Date().toISOString().replaceAll(':', '-'));
    const size = shapes.includes(shape) ? { shape } : {};
    const last = { settings: { data: `folder:${chosen.images}`, network: path, ...size }, out };
    mkdirSync(app.getPath('userData'), { recursive: true });
    writeFileSync(lastFile(), JSON.stringify(last));
    trainerNow().postMessage({ type: 'clean', ...last, resume: false });
  },
  goOn: () => trainerNow().postMessage({ type: 'clean', ...readLast(), resume: true }),
  save: async () => {
    const to = await ask({ properties: ['openDirectory', 'createDirectory'], buttonLabel: 'Save here' });
    if (to !== undefined) trainer?.postMessage({ type: 'save', to });
  },
};

async function choose(what, options) {
  const path = await ask(options);
  if (path === undefined) return undefined;
  chosen[what] = path;
  return { path, name: basename(path) };
}

async function ask(options) {
  const { canceled, filePaths } = await dialog.showOpenDialog(window, options);
  return canceled ? undefined : filePaths[0];
}

for (const [name, answer] of Object.entries(requests)) {
  ipcMain.handle(name, (event, given) => {
    if (event.senderFrame !== window.webContents.mainFrame) throw new Error('Only the page of the app may ask.');
    return answer(given);
  });
}

let isQuitting = false;
app.on('window-all-closed', () => app.quit());
// A cleaning in progress keeps what it has before the app ends.
app.on('before-quit', (event) => {
  if (trainer === undefined) return;
  event.preventDefault();
  if (!isQuitting) trainer.postMessage({ type: 'quit' });
  isQuitting = true;
});
// No top-level await: Electron is ready only after this file has been read to its end.
app.whenReady().then(openWindow);
