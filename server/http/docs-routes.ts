import { z, type OpenAPIHono } from '@hono/zod-openapi';
import { API_BASE } from '#contract/api';
import { PROBLEMS } from '#contract/problem';
import type { AppEnv, AppPorts } from './app-env.ts';
import { PROBLEM_ANSWER } from './problem-response.ts';
import { ACCESS_EXTENSION, defineRoute, PUBLIC } from './route.ts';

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

interface DocumentedOperation {
  readonly summary?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
  }[];
  readonly requestBody?: unknown;
  readonly responses?: Readonly<Record<string, unknown>>;
  readonly [ACCESS_EXTENSION]?: string;
}

const details = (title: string, content: unknown): string =>
  `<details><summary>${title}</summary><pre>${escapeHtml(JSON.stringify(content, null, 2))}</pre></details>`;

function operationHtml(method: string, path: string, operation: DocumentedOperation): string {
  const parameters = (operation.parameters ?? []).map(
    (each) =>
      `<code>${escapeHtml(each.name)}</code> (${each.in}${each.required === true ? '' : ', optional'})`,
  );
  return [
    `<section><h3><b>${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code></h3>`,
    `<p>${escapeHtml(operation.summary ?? '')}</p>`,
    `<p class="who">${escapeHtml(operation[ACCESS_EXTENSION] ?? '')}</p>`,
    parameters.length > 0 ? `<p>${parameters.join(', ')}</p>` : '',
    operation.requestBody === undefined ? '' : details('Body', operation.requestBody),
    details('Answers', operation.responses ?? {}),
    '</section>',
  ].join('');
}

function pageHtml(document: { readonly paths?: object }): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, DocumentedOperation>).map(([method, operation]) =>
      operationHtml(method, path, operation),
    ),
  );
  const problems = Object.entries(PROBLEMS).map(
    ([code, row]) =>
      `<tr><td><code>${code}</code></td><td>${row.status}</td><td>${escapeHtml(row.title)}</td><td>${escapeHtml(row.action)}</td></tr>`,
  );
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Palang Pintu API</title>',
    '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/api/docs.css"></head>',
    `<body><h1>Palang Pintu API</h1><p><a href="${API_BASE}/openapi.json">openapi.json</a></p>`,
    ...operations,
    '<h2>Problems</h2><table><tr><th>code</th><th>status</th><th>title</th><th>what to do</th></tr>',
    ...problems,
    '</table></body></html>',
  ].join('\n');
}

const STYLE = `
body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #ccd; padding: .25rem 0 .75rem; }
h3 { font-size: 1rem; margin: .5rem 0; } p { margin: .25rem 0; } .who { color: #556; }
pre { overflow: auto; background: #f4f5f7; color: #223; padding: .75rem; border-radius: .5rem; }
table { border-collapse: collapse; } td, th { border: 1px solid #ccd; padding: .3rem .5rem; text-align: left; }
`;

const textAnswer = (type: string) => ({
  200: { description: 'Text.', content: { [type]: { schema: z.string() } } },
  default: PROBLEM_ANSWER,
});

/** Routes that describe all the others, from the schemas that judge what is sent. Added last. */
export function addDocsRoutes(app: OpenAPIHono<AppEnv>, ports: AppPorts): void {
  const document = () =>
    app.getOpenAPI31Document({
      openapi: '3.1.0',
      info: { title: 'Palang Pintu', version: ports.version },
      servers: [{ url: '/' }],
    });
  let known: ReturnType<typeof document> | undefined;
  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: `${API_BASE}/openapi.json`,
      summary: 'This description.',
      tags: ['operation'],
      responses: textAnswer('application/openapi+json'),
    }),
    () =>
      new Response(JSON.stringify((known ??= document())), {
        headers: { 'content-type': 'application/json' },
      }),
  );
  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: '/api/docs',
      hide: true,
      responses: textAnswer('text/html'),
    }),
    (c) => c.html(pageHtml((known ??= document()))),
  );
  app.openapi(
    defineRoute(ports, PUBLIC, {
      method: 'get',
      path: '/api/docs.css',
      hide: true,
      responses: textAnswer('text/css'),
    }),
    () => new Response(STYLE, { headers: { 'content-type': 'text/css; charset=utf-8' } }),
  );
}
