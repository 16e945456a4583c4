import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeBase64Url } from '#contract/bytes';
import { sha256 } from '../signing/node-crypto.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

const INDEX = '/index.html';

interface WebFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly packed: Uint8Array<ArrayBuffer> | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly etag: string;
}

/** The built web app. */
export interface WebFiles {
  /** Answers with a file of the app, or with its first page where the path is one of the app's own. */
  respond(path: string, headers: Headers): Response | null;
}

function loadFile(path: string, name: string): WebFile {
  const bytes = Uint8Array.from(readFileSync(path));
  const type = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
  const isText = /^text\/|json|svg/.test(type);
  return {
    bytes,
    packed: isText && bytes.length > 1000 ? Uint8Array.from(gzipSync(bytes)) : null,
    etag: `"${encodeBase64Url(sha256(bytes)).slice(0, 22)}"`,
    headers: {
      'content-type': type,
      vary: 'accept-encoding',
      // Names under assets/ change with their content; everything else is asked for again.
      'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  };
}

/**
 * Loads the built web app into memory. Only what was there is ever given out, so that no path leads elsewhere.
 * @see rule SH9
 */
export function loadWebFiles(dir: string): WebFiles {
  const files = new Map<string, WebFile>();
  for (const entry of existsSync(dir) ? readdirSync(dir, { recursive: true, encoding: 'utf8' }) : []) {
    const path = join(dir, entry);
    if (!statSync(path).isFile()) continue;
    const name = `/${relative(dir, path).split(sep).join('/')}`;
    files.set(name, loadFile(path, name));
  }
  return {
    respond: (path, headers) => {
      // A missing asset must fail: an old page that got HTML for a script would break in a stranger way.
      const isPage = !/\.[a-z0-9]+$/i.test(path);
      const file = files.get(path) ?? (isPage ? files.get(INDEX) : undefined);
      if (file === undefined) return null;
      const common = { ...file.headers, etag: file.etag };
      if (headers.get('if-none-match') === file.etag)
        return new Response(null, { status: 304, headers: common });
      const isPacked = file.packed !== null && /\bgzip\b/.test(headers.get('accept-encoding') ?? '');
      return isPacked
        ? new Response(file.packed, { headers: { ...common, 'content-encoding': 'gzip' } })
        : new Response(file.bytes, { headers: common });
    },
  };
}
