import { render } from 'preact';
import './design.css';
import { AppRoot } from './app.tsx';
import { createApp } from './app-state.ts';

const root = document.documentElement;

const app = createApp({
  fetch: (input, init) => fetch(input, init),
  storage: localStorage,
  open: (path) => new EventSource(path),
  nowMs: () => Date.now(),
  every: (periodMs, run) => {
    const timer = setInterval(run, periodMs);
    return () => clearInterval(timer);
  },
  onWake: (run) => {
    const wake = (): void => {
      if (document.visibilityState === 'visible') run();
    };
    document.addEventListener('visibilitychange', wake);
    window.addEventListener('online', wake);
    return () => {
      document.removeEventListener('visibilitychange', wake);
      window.removeEventListener('online', wake);
    };
  },
  applyLanguage: (language) => {
    root.lang = language;
  },
  applyTheme: (theme) => {
    if (theme === 'auto') delete root.dataset['theme'];
    else root.dataset['theme'] = theme;
  },
});

const place = document.getElementById('app');
if (place !== null) {
  place.textContent = '';
  render(<AppRoot app={app} />, place);
}
void app.start();

if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  // Without it the app works, only not offline: no reason to trouble anybody.
  navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
}
