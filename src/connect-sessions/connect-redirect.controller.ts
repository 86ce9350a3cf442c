import {
  Controller,
  Get,
  HttpStatus,
  Param,
  ParseUUIDPipe,
  Query,
  Redirect,
  UseFilters,
} from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { Public } from '../common';
import { RETURN_STATUS } from './connect-session-status';
import { ConnectLinkUnknownError } from './connect-sessions.errors';
import { ConnectSessionsService } from './connect-sessions.service';
import { LandingService, readHints } from './landing.service';
import { PageFilter } from './pages/page.filter';
import { PageHeaders, RedirectHeaders } from './pages/page-headers.decorator';
import { renderResultPage } from './pages/result-pages';

interface Redirection {
  url: string;
  statusCode: number;
}

const SESSION_ID = new ParseUUIDPipe({ exceptionFactory: () => new ConnectLinkUnknownError() });
const HINTS = [
  {
    name: 'user_id',
    description: "Terra's user id. A hint: confirmed with Terra before anything is linked.",
  },
  { name: 'reference_id', description: 'Ignored: the session knows whose it is.' },
  { name: 'resource', description: 'Ignored: Terra is asked for the provider.' },
  { name: 'reason', description: 'Why an attempt failed, as free text.' },
];
const ApiHints = (): MethodDecorator => (target, key, descriptor) => {
  for (const hint of HINTS)
    ApiQuery({ ...hint, required: false, schema: { type: 'string' } })(target, key, descriptor);
};
const ApiLinkPages = (): MethodDecorator => (target, key, descriptor) => {
  ApiProduces('text/html')(target, key, descriptor);
  ApiResponse({ status: 404, description: 'A page: the link is not known.' })(target, key, descriptor);
  ApiResponse({ status: 410, description: 'A page: the link is used or has expired.' })(
    target,
    key,
    descriptor,
  );
};

/** Routes that a person's browser visits. */
@ApiTags('Browser')
@Public()
@UseFilters(PageFilter)
@Controller('connect')
export class ConnectRedirectController {
  constructor(
    private readonly sessions: ConnectSessionsService,
    private readonly landing: LandingService,
  ) {}

  /** The page at the end, for sessions without a return URL. Reads the truth; the address only names the session. */
  @Get('result')
  @PageHeaders()
  @ApiOperation({ summary: 'Shows how a session went' })
  @ApiQuery({ name: 'session_id', schema: { type: 'string', format: 'uuid' } })
  @ApiProduces('text/html')
  @ApiOkResponse({ description: 'A page.', schema: { type: 'string' } })
  @ApiResponse({ status: 404, description: 'A page: the session is not known.' })
  async result(@Query('session_id', SESSION_ID) id: string): Promise<string> {
    const { session } = await this.sessions.get(id);
    return renderResultPage(RETURN_STATUS[session.status]);
  }

  @Get('return/:nonce/success')
  @Redirect()
  @RedirectHeaders()
  @ApiOperation({ summary: 'Takes a browser back from the widget after a success' })
  @ApiHints()
  @ApiLinkPages()
  @ApiResponse({ status: 303, description: 'To the return URL, with `session_id` and `status` added.' })
  async success(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Redirection> {
    return seeOther(await this.landing.succeed(nonce, readHints(query)));
  }

  @Get('return/:nonce/failure')
  @Redirect()
  @RedirectHeaders()
  @ApiOperation({ summary: 'Takes a browser back from the widget after a failure' })
  @ApiHints()
  @ApiLinkPages()
  @ApiResponse({ status: 303, description: 'To the return URL, with `session_id` and `status` added.' })
  async failure(
    @Param('nonce') nonce: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Redirection> {
    return seeOther(await this.landing.fail(nonce, readHints(query)));
  }

  @Get(':token')
  @Redirect()
  @RedirectHeaders()
  @ApiOperation({ summary: 'Sends a browser to the widget' })
  @ApiLinkPages()
  @ApiResponse({ status: 302, description: "To Terra's widget." })
  async open(@Param('token') token: string): Promise<Redirection> {
    return { url: await this.sessions.open(token), statusCode: HttpStatus.FOUND };
  }
}

function seeOther(url: string): Redirection {
  return { url, statusCode: HttpStatus.SEE_OTHER };
}
