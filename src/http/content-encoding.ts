import { DomainError } from '../common';

/**
 * The body is compressed. The service does not decode it: a few KB of an unknown sender could become any size, before
 * the service knows who sent them.
 */
export class ContentEncodingUnsupportedError extends DomainError {
  constructor() {
    super(
      'unsupported',
      'request.unsupported_content_encoding',
      'The body has a Content-Encoding, such as gzip. Send the body without compression.',
    );
  }
}

/** Whether the headers say that the body is compressed. */
export function hasContentEncoding(headers: Record<string, string | string[] | undefined>): boolean {
  const encoding = String(headers['content-encoding'] ?? '').trim();
  return encoding !== '' && encoding.toLowerCase() !== 'identity';
}
