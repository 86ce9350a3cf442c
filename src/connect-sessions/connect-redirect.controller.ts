import {
  Controller,
  Get,
  HttpStatus,
  Param,
  Query,
  Res,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiTags } from '@nestjs/swagger';
import { Public, respond, uuidParam } from '../http';
import { AddressLimitGuard } from './address-limit.guard';
import { CallbackService, readCallbackParameters } from './callback.service';
import {
  ApiOpenWidget,
  ApiReturnFromFailure,
  ApiReturnFromSuccess,
  ApiShowResult,
} from './connect-redirect.openapi';
import { ConnectLinkUnknownError } from './connect-sessions.errors';
import { ConnectSessionsService } from './connect-sessions.service';
import { ConnectLinkService } from './connect-link.service';
import { IsHead } from './is-head.decorator';
import { PAGE_HEADERS, REDIRECT_HEADERS } from './pages/page';
import { PageFilter } from './pages/page.filter';
import { renderResultPage } from './pages/result-pages';

const SESSION_ID = uuidParam(() => new ConnectLinkUnknownError());

/**
 * Routes for the end user's browser. They answer by themselves, see `respond`. HEAD gets the headers of GET and has no
 * effect.
 */
@ApiTags('Browser')
@Public()
@UseGuards(AddressLimitGuard)
@UseFilters(PageFilter)
@Controller({ path: 'connect', version: VERSION_NEUTRAL })
export class ConnectRedirectController {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly links: ConnectLinkService,
    private readonly callbacks: CallbackService,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  // Must stay above `:token`, which also matches this path.
  @Get('result')
  @ApiShowResult()
  async result(@Query('session_id', SESSION_ID) id: string, @Res() response: object): Promise<void> {
    const body = renderResultPage((await this.sessions.get(id)).session);
    respond(this.adapterHost.httpAdapter, response, { status: HttpStatus.OK, headers: PAGE_HEADERS, body });
  }

  @Get('return/:nonce/success')
  @ApiReturnFromSuccess()
  async success(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
    @IsHead() isHead: boolean,
    @Res() response: object,
  ): Promise<void> {
    const url = isHead
      ? await this.callbacks.preview(nonce)
      : await this.callbacks.succeed(nonce, readCallbackParameters(query));
    this.redirect(response, HttpStatus.SEE_OTHER, url);
  }

  @Get('return/:nonce/failure')
  @ApiReturnFromFailure()
  async failure(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
    @IsHead() isHead: boolean,
    @Res() response: object,
  ): Promise<void> {
    const url = isHead
      ? await this.callbacks.preview(nonce)
      : await this.callbacks.fail(nonce, readCallbackParameters(query));
    this.redirect(response, HttpStatus.SEE_OTHER, url);
  }

  @Get(':token')
  @ApiOpenWidget()
  async open(
    @Param('token') token: string,
    @IsHead() isHead: boolean,
    @Res() response: object,
  ): Promise<void> {
    const url = isHead ? await this.links.preview(token) : await this.links.open(token);
    this.redirect(response, HttpStatus.FOUND, url);
  }

  private redirect(response: object, status: HttpStatus, location: string): void {
    respond(this.adapterHost.httpAdapter, response, { status, headers: { ...REDIRECT_HEADERS, location } });
  }
}
