import {
  applyDecorators,
  Controller,
  Get,
  HttpStatus,
  Param,
  ParseUUIDPipe,
  Query,
  Redirect,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../http';
import { RETURN_STATUS } from './connect-session-status';
import { ConnectLinkUnknownError } from './connect-sessions.errors';
import { ConnectSessionsService } from './connect-sessions.service';
import { ConnectLinkService } from './connect-link.service';
import { GetOnlyGuard } from './get-only.guard';
import { CallbackService, readCallbackParameters } from './callback.service';
import { PageFilter } from './pages/page.filter';
import { PageHeaders, RedirectHeaders } from './pages/page-headers.decorator';
import { renderResultPage } from './pages/result-pages';

interface Redirection {
  url: string;
  statusCode: number;
}

const SESSION_ID = new ParseUUIDPipe({ exceptionFactory: () => new ConnectLinkUnknownError() });

/** What a person may see instead of going on; the last two on every route. */
const ApiPages = (pages: Record<number, string>): MethodDecorator =>
  applyDecorators(
    ...Object.entries({
      ...pages,
      500: 'something went wrong on our side.',
      503: 'Postgres cannot be reached; load it again after Retry-After.',
    }).map(([status, description]) =>
      ApiResponse({
        status: Number(status),
        description: `A page: ${description}`,
        content: { 'text/html': { schema: { type: 'string' } } },
      }),
    ),
  );

const CALLBACK_PARAMETERS = [
  {
    name: 'user_id',
    description: "Terra's user id. A hint: confirmed with Terra before anything is linked.",
    example: '8f1f9bb2-3c5e-4a6b-9a53-6c4e5f1d2b3a',
  },
  { name: 'reference_id', description: 'Ignored: the session knows whose it is.', example: 'user-4711' },
  { name: 'resource', description: 'Ignored: Terra is asked for the provider.', example: 'GARMIN' },
  { name: 'reason', description: 'Why an attempt failed, as free text.', example: 'access_denied' },
];
const ApiReturn = (): MethodDecorator =>
  applyDecorators(
    ApiParam({
      name: 'nonce',
      description: 'Names the session, once; from the return address that Terra was given.',
    }),
    ...CALLBACK_PARAMETERS.map(({ example, ...parameter }) =>
      ApiQuery({ ...parameter, required: false, schema: { type: 'string', example } }),
    ),
    ApiPages({ 404: 'the link is not known.', 410: 'the link has expired.' }),
  );

/** Routes that a person's browser visits. */
@ApiTags('Browser')
@Public()
@UseGuards(GetOnlyGuard)
@UseFilters(PageFilter)
@Controller('connect')
export class ConnectRedirectController {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly links: ConnectLinkService,
    private readonly callbacks: CallbackService,
  ) {}

  /** The page at the end, for sessions without a return URL. Reads the truth; the address only names the session. */
  @Get('result')
  @PageHeaders()
  @ApiOperation({ summary: 'Shows how a session went' })
  @ApiQuery({
    name: 'session_id',
    description: 'Id of the session.',
    schema: { type: 'string', format: 'uuid', example: '01980c0e-7b1a-7c3e-9d55-0f2b6f1c9a10' },
  })
  @ApiPages({
    200: 'connected, not connected, cancelled, or (looking again by itself) not known yet.',
    404: 'the session is not known.',
  })
  async result(@Query('session_id', SESSION_ID) id: string): Promise<string> {
    const { session } = await this.sessions.get(id);
    return renderResultPage(RETURN_STATUS[session.status]);
  }

  @Get('return/:nonce/success')
  @Redirect()
  @RedirectHeaders()
  @ApiOperation({ summary: 'Takes a browser back from the widget after a success' })
  @ApiReturn()
  @ApiResponse({ status: 303, description: 'To the return URL, with `session_id` and `status` added.' })
  async success(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Redirection> {
    return seeOther(await this.callbacks.succeed(nonce, readCallbackParameters(query)));
  }

  @Get('return/:nonce/failure')
  @Redirect()
  @RedirectHeaders()
  @ApiOperation({ summary: 'Takes a browser back from the widget after a failure' })
  @ApiReturn()
  @ApiResponse({ status: 303, description: 'To the return URL, with `session_id` and `status` added.' })
  async failure(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Redirection> {
    return seeOther(await this.callbacks.fail(nonce, readCallbackParameters(query)));
  }

  @Get(':token')
  @Redirect()
  @RedirectHeaders()
  @ApiOperation({ summary: 'Sends a browser to the widget' })
  @ApiParam({ name: 'token', description: 'The last part of `connectUrl`.' })
  @ApiResponse({ status: 302, description: "To Terra's widget." })
  @ApiPages({ 404: 'the link is not known.', 410: 'the link is used or has expired.' })
  async open(@Param('token') token: string): Promise<Redirection> {
    return { url: await this.links.open(token), statusCode: HttpStatus.FOUND };
  }
}

function seeOther(url: string): Redirection {
  return { url, statusCode: HttpStatus.SEE_OTHER };
}
