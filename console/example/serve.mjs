// Serves index.html at an origin of its own: RINGBACK_URL is where Ringback is, RINGBACK_TOKEN a session of it, PROJECT whose
// callbacks are shown. Usage: node serve.mjs [port]
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

export function serve({ ringback, token, project }, port = 0) {
  const values = { ringback, project };
  const page = readFileSync(new URL('index.html', import.meta.url), 'utf8').replace(/{{(\w+)}}/g, (_, name) => values[name]);
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/token') {
      // Here is asked who is logged in at your own site, and a session is made for what that one may see.
      response.writeHead(200, { 'content-type': 'text/plain', 'cache-control': 'no-store' }).end(token);
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page);
  });
  return new Promise((listening) => server.listen(port, '127.0.0.1', () => listening(server)));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { RINGBACK_URL: ringback = 'http://127.0.0.1:8080', RINGBACK_TOKEN: token, PROJECT: project = '123' } = process.env;
  const server = await serve({ ringback, token, project }, Number(process.argv[2] ?? 5173));
  console.log(`http://127.0.0.1:${server.address().port}`);
}
