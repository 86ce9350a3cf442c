import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/** The languages that the browser prefers. Unlike `@Headers`, it adds no parameter to the API document. */
export const AcceptLanguage = createParamDecorator(
  (_: unknown, context: ExecutionContext): string | undefined =>
    context.switchToHttp().getRequest<{ headers: { 'accept-language'?: string } }>().headers[
      'accept-language'
    ],
);
