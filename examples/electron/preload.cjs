// What the page gets from beyond its sandbox: a few requests by name, and the port to the process that trains.
const { contextBridge, ipcRenderer } = require('electron');

const names = ['networks', 'chooseImages', 'chooseNetwork', 'clean', 'goOn', 'save'];
contextBridge.exposeInMainWorld('desktop', {
  ...Object.fromEntries(names.map((name) => [name, (given) => ipcRenderer.invoke(name, given)])),
  onEnded: (listener) => ipcRenderer.on('ended', (_, code) => listener(code)),
});

// A port cannot pass the bridge; it goes to the page by a message of the window.
ipcRenderer.on('port', ({ ports }) => window.postMessage('port', '*', ports));
