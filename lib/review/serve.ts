import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import type { Hono } from 'hono';
import { BilevelError } from '../errors.js';

export interface Served {
  /** Where a browser on this machine finds it. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serves pages to this machine alone. @param port 0 for any that is free. @throws IO_ERROR when it is taken */
export function serveLocally(app: Hono, port: number): Promise<Served> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port }, (address: AddressInfo) =>
      resolve({
        url: `http://127.0.0.1:${address.port}/`,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            if ('closeAllConnections' in server) server.closeAllConnections();
          }),
      }),
    );
    server.on('error', (cause: Error) =>
      reject(new BilevelError('IO_ERROR', `Cannot serve on port ${port}: ${cause.message}.`, { cause })),
    );
  });
}
