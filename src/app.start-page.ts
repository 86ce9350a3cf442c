import { Controller, Get, HttpStatus, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ManagementServer } from './app.management';
import { BrowserOptions } from './config';
import { escapeHtml, Public, renderHtml, respond } from './http';
import { VERSION } from './version';

const NAME = 'Terra Connect';
const ABOUT = 'This service connects wearables to apps.';
const FOR_END_USERS = 'If an app has sent you here, go back to the app and start again there.';

const STYLE = `
:root { color-scheme: light dark; }
body { max-width: 32rem; margin: 10vh auto; padding: 0 1.25rem; font: 1.0625rem/1.6 system-ui, sans-serif; color: CanvasText; background: Canvas; }
h1 { margin: 0; line-height: 1.25; }
a { overflow-wrap: anywhere; }
`;

interface Links {
  docs: string;
  openapi: string;
  asyncapi: string;
  health: string;
}

/**
 * `GET /`: what this service is, and where to go: a page for browsers, JSON for others. It belongs to the process: the
 * embeddable module leaves `/` to its host. With MANAGEMENT_PORT, the main port names neither the version nor what is on
 * the other port.
 */
@ApiExcludeController()
@Public()
@Controller()
export class StartPageController {
  constructor(
    private readonly management: ManagementServer,
    private readonly browser: BrowserOptions,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Get()
  show(@Req() { raw }: FastifyRequest, @Res() response: object): void {
    const links = this.linksFor(raw);
    const isPage = asksForHtml(raw.headers.accept);
    respond(this.adapterHost.httpAdapter, response, {
      status: HttpStatus.OK,
      headers: {
        'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8',
        'cache-control': 'no-store',
        vary: 'Accept',
      },
      body: isPage
        ? renderPage(links)
        : JSON.stringify(links ? { name: NAME, version: VERSION, ...links } : { name: NAME }),
    });
  }

  private linksFor(request: FastifyRequest['raw']): Links | null {
    if (!this.management.isForOperators(request)) return null;
    // The public URL, because a proxy may serve the service below a path; MANAGEMENT_PORT is behind no such proxy.
    const base = this.management.isSeparate ? '' : new URL(this.browser.publicUrl).href.replace(/\/$/, '');
    return {
      docs: `${base}/docs`,
      openapi: `${base}/openapi.json`,
      asyncapi: `${base}/asyncapi.json`,
      health: `${base}/health/ready`,
    };
  }
}

/** Whether a client names HTML, as browsers do. Others, such as curl, accept anything. */
export function asksForHtml(accept = ''): boolean {
  return accept.split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === 'text/html' && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

function linkTo(url: string, label: string): string {
  return `<li><a href="${escapeHtml(url)}">${label}</a></li>`;
}

function renderPage(links: Links | null): string {
  const forDevelopers =
    links &&
    `<ul>
${linkTo(links.docs, 'API documentation')}
${linkTo(links.openapi, 'OpenAPI document')}
${linkTo(links.asyncapi, 'AsyncAPI document')}
${linkTo(links.health, 'Health')}
</ul>
<p>Version ${VERSION}</p>`;
  return renderHtml({
    language: 'en',
    title: NAME,
    style: STYLE,
    body: `<main>
<h1>${NAME}</h1>
<p>${ABOUT}</p>
<p>${FOR_END_USERS}</p>
${forDevelopers ?? ''}
</main>`,
  });
}
