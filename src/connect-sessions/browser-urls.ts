import { Injectable } from '@nestjs/common';
import { BrowserOptions, parseReturnUrl, ReturnUrlList } from '../config';
import { PublicUrls } from '../http';
import type { ReturnStatus } from './connect-session-status';
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

  /**
   * Adds the session and its outcome to the return URL, or to the URL of our result page if `returnUrl` is null. Other
   * parameters and the fragment keep their exact text. The outcome is in the query, before a fragment.
   */
  withOutcome(returnUrl: string | null, sessionId: string, status: ReturnStatus): string {
    const url = new URL(returnUrl ?? this.urls.urlOf('connect/result'));
    const kept = url.search.slice(1).split('&').filter(isForeign);
    url.search = [...kept, `session_id=${sessionId}`, `status=${status}`].join('&');
    return url.href;
  }
}

function isForeign(pair: string): boolean {
  const [name] = new URLSearchParams(pair).keys();
  return name !== undefined && name !== 'session_id' && name !== 'status';
}
