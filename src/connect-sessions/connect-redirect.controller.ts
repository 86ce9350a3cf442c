import { Controller, Get, HttpStatus, Param, Query, Redirect, UseFilters, UseGuards } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Public, uuidParam } from '../http';
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
import { PageHeaders, RedirectHeaders } from './pages/page';
import { PageFilter } from './pages/page.filter';
import { renderResultPage } from './pages/result-pages';

interface Redirection {
  url: string;
  statusCode: number;
}

const SESSION_ID = uuidParam(() => new ConnectLinkUnknownError());

/** Routes for the end user's browser. HEAD gets the headers of GET and has no effect. */
@ApiTags('Browser')
@Public()
@UseGuards(AddressLimitGuard)
@UseFilters(PageFilter)
@Controller('connect')
export class ConnectRedirectController {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly links: ConnectLinkService,
    private readonly callbacks: CallbackService,
  ) {}

  // Must stay above `:token`, which also matches this path.
  @Get('result')
  @PageHeaders()
  @ApiShowResult()
  async result(@Query('session_id', SESSION_ID) id: string): Promise<string> {
    return renderResultPage((await this.sessions.get(id)).session);
  }

  @Get('return/:nonce/success')
  @Redirect()
  @RedirectHeaders()
  @ApiReturnFromSuccess()
  async success(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
    @IsHead() isHead: boolean,
  ): Promise<Redirection> {
    if (isHead) return seeOther(await this.callbacks.preview(nonce));
    return seeOther(await this.callbacks.succeed(nonce, readCallbackParameters(query)));
  }

  @Get('return/:nonce/failure')
  @Redirect()
  @RedirectHeaders()
  @ApiReturnFromFailure()
  async failure(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
    @IsHead() isHead: boolean,
  ): Promise<Redirection> {
    if (isHead) return seeOther(await this.callbacks.preview(nonce));
    return seeOther(await this.callbacks.fail(nonce, readCallbackParameters(query)));
  }

  @Get(':token')
  @Redirect()
  @RedirectHeaders()
  @ApiOpenWidget()
  async open(@Param('token') token: string, @IsHead() isHead: boolean): Promise<Redirection> {
    const url = isHead ? await this.links.preview(token) : await this.links.open(token);
    return { url, statusCode: HttpStatus.FOUND };
  }
}

function seeOther(url: string): Redirection {
  return { url, statusCode: HttpStatus.SEE_OTHER };
}
