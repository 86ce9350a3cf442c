import { Injectable } from '@nestjs/common';
import { BrowserOptions, parseReturnUrl, ReturnUrlList } from '../config';
import { PublicUrls } from '../http';
import { RETURN_STATUS, type ReturnStatus } from './connect-session-status';
import type { ConnectSession } from './connect-session.entity';
import { ReturnUrlNotAllowedError } from './connect-sessions.errors';

/** Builds the URLs that the service sends browsers to, and checks the return URLs that callers choose. */
@Injectable()
export class BrowserUrls {
  private readonly allowed: ReturnUrlList;

  constructor(
    private readonly urls: PublicUrls,
    options: BrowserOptions,
  ) {
    this.allowed = new ReturnUrlList(options.returnUrls);
  }

  /** The link that the end user follows to the widget. */
  connectUrl(connectToken: string): string {
    return this.urls.urlOf(`connect/${connectToken}`);
  }

  /** Where Terra sends the browser after the widget. The nonce is a secret that only Terra gets. */
  callbackUrls(nonce: string): { successUrl: string; failureUrl: string } {
    const base = this.urls.urlOf(`connect/return/${nonce}`);
    return { successUrl: `${base}/success`, failureUrl: `${base}/failure` };
  }

  /**
   * Checks a return URL against the allow-list. Without it, a link of the service could lead to any page.
   *
   * @returns the URL as the parser reads it, so that the service stores what it checked
   * @throws ReturnUrlNotAllowedError
   */
  checkReturnUrl(field: string, text: string | null | undefined): string | null {
    if (text == null) return null;
    const url = parseReturnUrl(text);
    if (typeof url === 'string') throw new ReturnUrlNotAllowedError(field, url);
    if (!this.allowed.allows(url)) {
      throw new ReturnUrlNotAllowedError(field, 'is not in the list of allowed return URLs (RETURN_URLS)');
    }
    return url.href;
  }

  /** Where the browser goes after a session, with its outcome; null: the session has no return URL. */
  returnUrlOf({ id, status, returnUrl, failureReturnUrl }: ConnectSession): string | null {
    const outcome = RETURN_STATUS[status];
    const wentWell = outcome === 'connected' || outcome === 'pending';
    const target = wentWell ? returnUrl : (failureReturnUrl ?? returnUrl);
    return target === null ? null : this.withOutcome(target, id, outcome);
  }

  /** The URL of our result page. */
  resultUrlOf({ id, status }: ConnectSession): string {
    return this.withOutcome(this.urls.urlOf('connect/result'), id, RETURN_STATUS[status]);
  }

  /**
   * Adds the session and its outcome to a URL. Other
   * parameters and the fragment keep their exact text. The outcome is in the query, before a fragment.
   */
  withOutcome(returnUrl: string, sessionId: string, status: ReturnStatus): string {
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
