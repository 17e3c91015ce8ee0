// Starts the example with dialogs that answer by themselves, in a folder of its own.
import { app, dialog } from 'electron';

const { BILEVEL_IMAGES, BILEVEL_NETWORK, BILEVEL_SAVED, BILEVEL_USER_DATA } = process.env;
app.setPath('userData', BILEVEL_USER_DATA);
dialog.showOpenDialog = async (_, { properties }) => {
  const isFile = properties.includes('openFile');
  const path = isFile ? BILEVEL_NETWORK : properties.includes('createDirectory') ? BILEVEL_SAVED : BILEVEL_IMAGES;
  return { canceled: false, filePaths: [path] };
};
// The process that trains dies as if the system had ended it.
process.on('SIGUSR2', () => {
  const { pid } = app.getAppMetrics().find(({ name }) => name === 'Cleaning');
  process.kill(pid, 'SIGKILL');
});
await import('./main.mjs');
