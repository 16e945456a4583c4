import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { preact } from '@preact/preset-vite';
import { defineConfig, type Plugin } from 'vite';

const WORKER = 'service-worker.js';

/** The pages that work without the server; the others are kept when they have been opened once. */
const OFFLINE_PAGES = [
  'main.tsx',
  'index.html',
  'pages/technician.tsx',
  'pages/supervisor.tsx',
  'pages/account.tsx',
  'words/en.ts',
];

/** Tells the service worker which files make up the app, and names its cache after their hashes. */
function shellFiles(): Plugin {
  return {
    name: 'palang-shell-files',
    apply: 'build',
    enforce: 'post',
    generateBundle(_options, bundle) {
      const worker = bundle[WORKER];
      if (worker?.type !== 'chunk') throw new Error('the service worker is not in the build');
      const files = new Set<string>();
      const add = (name: string): void => {
        if (files.has(name)) return;
        files.add(name);
        const part = bundle[name];
        if (part?.type !== 'chunk') return;
        part.imports.forEach(add);
        part.viteMetadata?.importedCss.forEach(add);
      };
      for (const part of Object.values(bundle)) {
        if (part.type === 'chunk' && OFFLINE_PAGES.some((page) => part.facadeModuleId?.endsWith(`/${page}`)))
          add(part.fileName);
      }
      const shell = [...files].sort().map((name) => `/${name}`);
      const hash = createHash('sha256')
        .update(shell.join('\n'))
        .update(worker.code)
        .digest('hex')
        .slice(0, 12);
      worker.code = worker.code
        // The minifier chooses the quotes.
        .replace(/(["'`])__SHELL_FILES__\1/, () => JSON.stringify(JSON.stringify(shell)))
        .replace('__SHELL_HASH__', hash);
    },
  };
}

export default defineConfig(({ command }) => {
  // A build is for use, whoever asks for it: started from a test runner it would else be one for development.
  if (command === 'build') process.env['NODE_ENV'] = 'production';
  return {
    root: fileURLToPath(new URL('.', import.meta.url)),
    plugins: [preact({ devToolsEnabled: false }), shellFiles()],
    resolve: {
      alias: [
        {
          find: /^#contract\/(.*)$/,
          replacement: fileURLToPath(new URL('../server/contract/$1.ts', import.meta.url)),
        },
      ],
    },
    build: {
      outDir: '../dist/web',
      emptyOutDir: true,
      manifest: true,
      // Nothing inline: the content security policy allows scripts, styles and images of our own address only.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: {
          main: fileURLToPath(new URL('./index.html', import.meta.url)),
          'service-worker': fileURLToPath(new URL('./service-worker.ts', import.meta.url)),
        },
        output: {
          entryFileNames: (chunk) => (chunk.name === 'service-worker' ? WORKER : 'assets/[name]-[hash].js'),
        },
      },
    },
  };
});
