// The offline shell. It keeps the app itself and nothing that the server says: a permit that was read yesterday
// must never come out of a cache looking like one of today.

interface LifecycleEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface RequestEvent extends LifecycleEvent {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface WorkerScope {
  addEventListener(name: 'install' | 'activate', run: (event: LifecycleEvent) => void): void;
  addEventListener(name: 'fetch', run: (event: RequestEvent) => void): void;
  readonly clients: { claim(): Promise<void> };
}

// The library of the page types `self` as its window.
const worker = self as unknown as WorkerScope;

// The build puts the names of the files of the first load here; their hashes name the cache.
const SHELL: readonly string[] = JSON.parse('__SHELL_FILES__') as string[];
const CACHE = 'palang-shell-__SHELL_HASH__';
const PAGE = '/';
// The server may send one text in several packings; what is kept here is unpacked and serves for all.
const ANY_VARIANT = { ignoreVary: true } as const;

worker.addEventListener('install', (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([PAGE, '/icon.svg', ...SHELL])));
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin || url.pathname.startsWith('/api/')) return;
  if (request.mode === 'navigate') event.respondWith(pageOf(request));
  else if (url.pathname.startsWith('/assets/') || url.pathname === '/icon.svg')
    event.respondWith(assetOf(request));
});

async function pageOf(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await caches.match(PAGE, ANY_VARIANT);
    if (kept === undefined) throw error;
    return kept;
  }
}

async function assetOf(request: Request): Promise<Response> {
  const kept = await caches.match(request, ANY_VARIANT);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  // Named by the hash of their content: what is kept under a name never goes out of date.
  if (answer.ok) await caches.open(CACHE).then((cache) => cache.put(request, answer.clone()));
  return answer;
}
