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
import { GetOnlyGuard } from './get-only.guard';
import { PageHeaders, RedirectHeaders } from './pages/page';
import { PageFilter } from './pages/page.filter';
import { renderResultPage } from './pages/result-pages';

interface Redirection {
  url: string;
  statusCode: number;
}

const SESSION_ID = uuidParam(() => new ConnectLinkUnknownError());

/** Routes for the end user's browser. */
@ApiTags('Browser')
@Public()
@UseGuards(AddressLimitGuard, GetOnlyGuard)
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
  ): Promise<Redirection> {
    return seeOther(await this.callbacks.succeed(nonce, readCallbackParameters(query)));
  }

  @Get('return/:nonce/failure')
  @Redirect()
  @RedirectHeaders()
  @ApiReturnFromFailure()
  async failure(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Redirection> {
    return seeOther(await this.callbacks.fail(nonce, readCallbackParameters(query)));
  }

  @Get(':token')
  @Redirect()
  @RedirectHeaders()
  @ApiOpenWidget()
  async open(@Param('token') token: string): Promise<Redirection> {
    return { url: await this.links.open(token), statusCode: HttpStatus.FOUND };
  }
}

function seeOther(url: string): Redirection {
  return { url, statusCode: HttpStatus.SEE_OTHER };
}
