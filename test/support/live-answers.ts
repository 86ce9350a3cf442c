import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { ApiContract } from './api-contract';
import { undeclared } from './undeclared';

let contract: ApiContract | undefined;

/** Checks every answer of the server against openapi.json. `test/support/after-each.ts` fails the test. */
export function checkAnswers(server: Server): void {
  server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    const keep = ([chunk, encoding]: unknown[]): void => {
      if (typeof chunk === 'string') chunks.push(Buffer.from(chunk, (encoding as BufferEncoding) ?? 'utf8'));
      else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
    };
    const write = response.write.bind(response) as (...args: unknown[]) => boolean;
    const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
    response.write = (...args: unknown[]) => {
      keep(args);
      return write(...args);
    };
    response.end = (...args: unknown[]) => {
      keep(args);
      // Before the answer goes out, so that the test that waits for it fails, and none after it.
      check(request, response, Buffer.concat(chunks).toString('utf8'));
      return end(...args);
    };
  });
}

function check({ method = '', url = '' }: IncomingMessage, response: ServerResponse, body: string): void {
  contract ??= ApiContract.ofRepository();
  const [path = ''] = url.split('?');
  const { statusCode: status } = response;
  undeclared.push(...contract.problemsOf({ method, path, status, headers: response.getHeaders(), body }));
}
