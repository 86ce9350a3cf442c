import { Injectable, RequestMethod, type OnModuleInit } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { BrowserOptions } from '../config';

/** The route for Terra's webhooks, without the global prefix. */
export const WEBHOOK_ROUTE = 'webhooks/terra';

// What makes a segment of a path a pattern, in Nest 11 and 12.
const PATTERN = /[:*?(){}]/;

/** The paths and URLs of our public routes, with the global prefix of the application (`app.setGlobalPrefix`). */
@Injectable()
export class PublicUrls implements OnModuleInit {
  constructor(
    private readonly application: ApplicationConfig,
    private readonly options: BrowserOptions,
  ) {}

  /** Reports a prefix that a link cannot contain. Without this check, the first connect URL would be broken. */
  onModuleInit(): void {
    const browserRoutes = ['connect/token', 'connect/result', 'connect/return/nonce/success'];
    const paths = [...browserRoutes.map((route) => this.pathOf(route)), this.webhookPath()];
    if (!paths.some((path) => PATTERN.test(path))) return;
    throw new Error(
      'TerraAuthModule cannot build links with a global prefix that has parameters. Exclude its public routes: ' +
        "app.setGlobalPrefix(prefix, { exclude: ['connect/*path', 'webhooks/terra'] }).",
    );
  }

  /** The path of the webhook route, to which Terra's destination points. */
  webhookPath(): string {
    return this.pathOf(WEBHOOK_ROUTE, RequestMethod.POST);
  }

  /** The URL at which browsers reach a route for them: `connect/result` → `https://…/api/connect/result`. */
  urlOf(route: string): string {
    // A process without HTTP, such as a queue consumer of the host, knows no prefix. So `publicUrl` may contain it.
    const { publicUrl } = this.options;
    const prefix = this.prefix();
    const hasPrefix = new URL(publicUrl).pathname.endsWith(prefix);
    return (
      (hasPrefix ? publicUrl.slice(0, publicUrl.length - prefix.length) : publicUrl) + this.pathOf(route)
    );
  }

  /** The path at which the application serves a route: `connect/result` → `/api/connect/result`. */
  private pathOf(route: string, method = RequestMethod.GET): string {
    return this.isExcluded(route, method) ? `/${route}` : `${this.prefix()}/${route}`;
  }

  // Read for each use: a host may set the prefix as late as a moment before it listens.
  private prefix(): string {
    const segments = this.application
      .getGlobalPrefix()
      .split('/')
      .filter((segment) => segment !== '');
    return segments.map((segment) => `/${segment}`).join('');
  }

  private isExcluded(route: string, method: RequestMethod): boolean {
    const { exclude = [] } = this.application.getGlobalPrefixOptions();
    return exclude.some(
      ({ pathRegex, requestMethod }) =>
        (requestMethod === RequestMethod.ALL || requestMethod === method) && pathRegex.test(`/${route}`),
    );
  }
}
