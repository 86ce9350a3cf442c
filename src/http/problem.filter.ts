import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toProblem, type Problem } from './problem';
import { respond } from './respond';

/** Sends every error as `application/problem+json`, on each HTTP platform that Nest supports. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger(ProblemFilter.name);

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<object>();
    const problem = toProblem(error);
    if (problem.unexpected)
      this.logger.error({ event: 'request.failed', code: problem.body.code, err: error });
    sendProblem(this.adapterHost.httpAdapter, response, problem);
  }
}

/** Sends a problem as the response, through the adapter of the HTTP platform. */
export function sendProblem(
  httpAdapter: HttpAdapterHost['httpAdapter'],
  response: object,
  { status, headers, body }: Problem,
): void {
  const always = { 'content-type': 'application/problem+json; charset=utf-8', 'cache-control': 'no-store' };
  respond(httpAdapter, response, { status, headers: { ...headers, ...always }, body: JSON.stringify(body) });
}
