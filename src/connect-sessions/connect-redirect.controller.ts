import {
  Controller,
  Get,
  HttpStatus,
  Param,
  Post,
  Query,
  Res,
  UseFilters,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ApiTags } from '@nestjs/swagger';
import { Public, respond, uuidParam, type Answer } from '../http';
import { AcceptLanguage } from './accept-language.decorator';
import { AddressLimitGuard } from './address-limit.guard';
import { CallbackService, readCallbackParameters } from './callback.service';
import {
  ApiOpenWidget,
  ApiRenewLink,
  ApiReturnFromFailure,
  ApiReturnFromSuccess,
  ApiShowResult,
} from './connect-redirect.openapi';
import { ConnectLinkUnknownError } from './connect-sessions.errors';
import { ConnectLinkService } from './connect-link.service';
import { IsHead } from './is-head.decorator';
import { REDIRECT_HEADERS } from './pages/page';
import { PageFilter } from './pages/page.filter';
import { ResultPages } from './pages/result-pages';
import { SessionRenewalService } from './session-renewal.service';

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
    private readonly links: ConnectLinkService,
    private readonly renewals: SessionRenewalService,
    private readonly callbacks: CallbackService,
    private readonly results: ResultPages,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  // Must stay above `:token`, which also matches this path.
  @Get('result')
  @ApiShowResult()
  async result(
    @Query('session_id', SESSION_ID) id: string,
    @AcceptLanguage() language: string | undefined,
    @Res() response: object,
  ): Promise<void> {
    this.respond(response, await this.results.show(id, language));
  }

  @Get('return/:nonce/success')
  @ApiReturnFromSuccess()
  async success(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
    @IsHead() isHead: boolean,
    @AcceptLanguage() language: string | undefined,
    @Res() response: object,
  ): Promise<void> {
    const session = isHead
      ? await this.callbacks.preview(nonce)
      : await this.callbacks.succeed(nonce, readCallbackParameters(query));
    this.respond(response, await this.results.sendBack(session, language));
  }

  @Get('return/:nonce/failure')
  @ApiReturnFromFailure()
  async failure(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
    @IsHead() isHead: boolean,
    @AcceptLanguage() language: string | undefined,
    @Res() response: object,
  ): Promise<void> {
    const session = isHead
      ? await this.callbacks.preview(nonce)
      : await this.callbacks.fail(nonce, readCallbackParameters(query));
    this.respond(response, await this.results.sendBack(session, language));
  }

  @Get(':token')
  @ApiOpenWidget()
  async open(
    @Param('token') token: string,
    @IsHead() isHead: boolean,
    @Res() response: object,
  ): Promise<void> {
    const url = isHead ? await this.links.preview(token) : await this.links.open(token);
    this.respond(response, {
      status: HttpStatus.FOUND,
      headers: { ...REDIRECT_HEADERS, location: url },
    });
  }

  @Post(':token')
  @ApiRenewLink()
  async renew(
    @Param('token') token: string,
    @AcceptLanguage() language: string | undefined,
    @Res() response: object,
  ): Promise<void> {
    const { session, connectUrl } = await this.renewals.renew(token);
    this.respond(response, this.results.sendOn(session, connectUrl, language));
  }

  private respond(response: object, answer: Answer): void {
    respond(this.adapterHost.httpAdapter, response, answer);
  }
}
