import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toProblem, type Problem } from './problem';

/** Sends every error as `application/problem+json`, on each HTTP platform that Nest supports. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    const problem = toProblem(error);
    if (problem.unexpected)
      this.logger.error({ event: 'request.failed', code: problem.body.code, err: error });
    sendProblem(this.adapterHost.httpAdapter, response, problem);
  }
}

/** Sends a problem as the response, through the adapter of the HTTP platform. */
export function sendProblem(
  httpAdapter: HttpAdapterHost['httpAdapter'],
  response: unknown,
  { status, headers, body }: Problem,
): void {
  for (const [name, value] of Object.entries(headers)) httpAdapter.setHeader(response, name, value);
  httpAdapter.setHeader(response, 'content-type', 'application/problem+json; charset=utf-8');
  httpAdapter.setHeader(response, 'cache-control', 'no-store');
  httpAdapter.reply(response, JSON.stringify(body), status);
}
