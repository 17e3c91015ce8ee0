export default {
  files: ['test/install/*.test.ts'],
  typescript: { rewritePaths: { 'test/': 'dist/test/' }, compile: false },
  workerThreads: false,
  concurrency: 2,
  timeout: '3m',
};
