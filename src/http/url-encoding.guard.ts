import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { RequestMalformedError } from '../common';

/**
 * Rejects a URL that is not percent-encoded UTF-8. HTTP platforms read other bytes as U+FFFD, as Latin-1 or as the text
 * "%ff", so that one URL names two end users, or two URLs name one.
 */
@Injectable()
export class UrlEncodingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { originalUrl } = context.switchToHttp().getRequest<{ originalUrl: string }>();
    if (isPercentEncodedUtf8(originalUrl)) return true;
    throw new RequestMalformedError(
      'The URL is not percent-encoded UTF-8. Encode each value in UTF-8, then percent-encode it.',
    );
  }
}

function isPercentEncodedUtf8(url: string): boolean {
  if (!/^[\x21-\x7e]*$/.test(url)) return false;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
