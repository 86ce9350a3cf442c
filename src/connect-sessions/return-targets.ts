import { Inject, Injectable } from '@nestjs/common';
import { parseReturnUrl, TERRA_CONNECT_OPTIONS, type TerraConnectOptions } from '../config';
import { ReturnUrlNotAllowedError } from './connect-sessions.errors';
import type { ReturnStatus } from './connect-session-status';

/** Decides where a browser may be sent: an open redirect would lend our name to anybody's page. */
@Injectable()
export class ReturnTargets {
  private readonly allowed: URL[];

  constructor(@Inject(TERRA_CONNECT_OPTIONS) options: TerraConnectOptions) {
    this.allowed = options.returnUrls.map((entry) => {
      const url = parseReturnUrl(entry);
      if (typeof url === 'string') throw new Error(`An entry of returnUrls ${url}.`);
      return url;
    });
  }

  /**
   * @returns the URL as our parser reads it, so that what is stored is what was checked
   * @throws ReturnUrlNotAllowedError
   */
  check(field: string, text: string | null | undefined): string | null {
    if (text == null) return null;
    const url = parseReturnUrl(text);
    if (typeof url === 'string') throw new ReturnUrlNotAllowedError(field, url);
    if (!this.allowed.some((entry) => isWithin(url, entry))) {
      throw new ReturnUrlNotAllowedError(field, 'is not in the list of allowed return URLs (RETURN_URLS)');
    }
    return url.href;
  }

  /**
   * Adds what a return URL is told: the session and how it went, nothing else. The rest of its query stays letter for
   * letter; parameters of these two names are ours.
   */
  static withOutcome(returnUrl: string, sessionId: string, status: ReturnStatus): string {
    const url = new URL(returnUrl);
    const kept = url.search.slice(1).split('&').filter(isForeign);
    url.search = [...kept, `session_id=${sessionId}`, `status=${status}`].join('&');
    return url.href;
  }
}

function isForeign(pair: string): boolean {
  const [name] = new URLSearchParams(pair).keys();
  return name !== undefined && name !== 'session_id' && name !== 'status';
}

// Path prefixes end at a slash: "/connected" allows "/connected/x" but not "/connected-by-somebody-else".
function isWithin(url: URL, entry: URL): boolean {
  if (url.protocol !== entry.protocol || url.hostname !== entry.hostname || url.port !== entry.port)
    return false;
  const prefix = entry.pathname.replace(/\/+$/, '');
  return url.pathname === entry.pathname || url.pathname === prefix || url.pathname.startsWith(`${prefix}/`);
}
