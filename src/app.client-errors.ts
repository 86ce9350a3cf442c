import { Logger } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Socket } from 'node:net';
import { v7 as uuidv7 } from 'uuid';
import { toProblem } from './http';

const STATUS_OF_CODE: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

const logger = new Logger('http');

/**
 * Answers a request that Node cannot read as HTTP, or that did not arrive in time. There is no request and no response
 * object for it, so this function writes the bytes of a problem, with an id as every other answer has.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegunResponse(socket)) {
    socket.destroy(error);
    return;
  }
  const statusCode = STATUS_OF_CODE[error.code ?? ''] ?? 400;
  const { status, body } = toProblem({ statusCode });
  const requestId = uuidv7();
  const json = JSON.stringify(body);
  socket.write(
    [
      `HTTP/1.1 ${status} ${body.title}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(json)}`,
      'Cache-Control: no-store',
      `X-Request-Id: ${requestId}`,
      'Connection: close',
      '',
      json,
    ].join('\r\n'),
  );
  socket.destroySoon();
  logger.debug({ event: 'http.client_error', status, cause: error.code, requestId });
}

// Our bytes in the middle of an earlier response on this connection would corrupt it. Node has no public API for this.
function hasBegunResponse(socket: Socket): boolean {
  return (socket as { _httpMessage?: FastifyReply['raw'] | null })._httpMessage?.headersSent === true;
}
