import { Writable } from 'node:stream';
import { JsonLogger } from './json.logger';
import { runWithLogContext } from '../common';

function record(level = 'info'): { logger: JsonLogger; lines: () => Record<string, unknown>[] } {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk.toString());
      done();
    },
  });
  return {
    logger: new JsonLogger(level, stream),
    lines: () => written.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('JsonLogger', () => {
  it('writes the fields of an event next to the context that Nest adds', () => {
    const { logger, lines } = record();
    logger.log({ event: 'session.created', sessionId: 's-1' }, 'Sessions');
    expect(lines()).toMatchObject([
      { level: 'info', context: 'Sessions', event: 'session.created', sessionId: 's-1' },
    ]);
  });

  it('names the request that a line belongs to', () => {
    const { logger, lines } = record();
    runWithLogContext({ requestId: 'request-1' }, () => logger.warn({ event: 'x' }));
    logger.warn({ event: 'y' });
    expect(lines().map(({ requestId }) => requestId)).toEqual(['request-1', undefined]);
  });

  it('keeps query strings and the properties of errors out of the log (T-19)', () => {
    const { logger, lines } = record();
    const cause = Object.assign(new Error('GET https://terra/userInfo?user_id=canary failed'), {
      config: { headers: { 'x-api-key': 'canary' } },
    });
    const error = Object.assign(new Error('connect ?reference_id=canary', { cause }), {
      detail: 'canary',
      code: 'X1',
    });
    logger.error({ event: 'request.failed', err: error });
    logger.error(error);
    logger.error('GET /v1?referenceId=canary', error.stack);
    expect(JSON.stringify(lines())).not.toContain('canary');
    expect(lines()[0]).toMatchObject({
      msg: 'request.failed',
      err: { code: 'X1', cause: { type: 'Error' } },
    });
  });

  it("writes the framework's start-up lines only at level debug", () => {
    const [quiet, detailed] = [record('info'), record('debug')];
    for (const { logger } of [quiet, detailed]) logger.log('Mapped {/v1}', 'RouterExplorer');
    expect([quiet.lines().length, detailed.lines().length]).toEqual([0, 1]);
  });
});
