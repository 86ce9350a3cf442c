import { Injectable, Logger } from '@nestjs/common';
import { toStorable } from '../common';
import { TerraApiOptions } from '../config';
import { LEGACY_WIDGET_SESSION, WIDGET_SESSION } from './terra-answer';
import { toTerraLanguage } from './terra-language';
import {
  TerraGoneError,
  TerraMalformedAnswerError,
  TerraNotFoundError,
  TerraNoWidgetEndpointError,
} from './terra.errors';
import { TerraTransport, TOTAL_DEADLINE_MS } from './terra.transport';
import type { WidgetSession, WidgetSessionRequest } from './terra.types';
import { asList, asRecord, expiryOf, textOf } from './wire';

type Generation = WidgetSession['generation'];
const OTHER: Record<Generation, Generation> = { current: 'legacy', legacy: 'current' };
const MAX_WARNINGS = 20;
const MAX_WARNING_LENGTH = 500;
// For an answer without a valid expiry. The values come from the examples in Terra's documentation.
const DEFAULT_EXPIRY_SECONDS: Record<Generation, number> = { current: 86_400, legacy: 900 };

/**
 * Creates widget sessions at one of Terra's two endpoints. With `auto` it calls the current endpoint first. If an
 * endpoint does not exist for this Terra account, it calls the other one, and remembers which one answered.
 */
@Injectable()
export class WidgetSessionGateway {
  private readonly logger = new Logger(WidgetSessionGateway.name);
  private preferred: Generation;

  constructor(
    private readonly transport: TerraTransport,
    private readonly options: TerraApiOptions,
  ) {
    this.preferred = options.widgetGeneration === 'legacy' ? 'legacy' : 'current';
  }

  async create(request: WidgetSessionRequest): Promise<WidgetSession> {
    const startedAt = Date.now();
    const first = this.preferred;
    try {
      return await this.createAt(first, request, TOTAL_DEADLINE_MS);
    } catch (error) {
      if (!isAbsent(error)) throw error;
      if (this.options.widgetGeneration !== 'auto') throw new TerraNoWidgetEndpointError();
      return await this.createAtOther(OTHER[first], request, TOTAL_DEADLINE_MS - (Date.now() - startedAt));
    }
  }

  // The missing endpoint has created no session, so the call to the other endpoint cannot create a second one.
  private async createAtOther(
    other: Generation,
    request: WidgetSessionRequest,
    ms: number,
  ): Promise<WidgetSession> {
    try {
      const session = await this.createAt(other, request, ms);
      this.preferred = other;
      this.logger.warn({
        event: 'terra.widget_generation_switched',
        generation: other,
        advice: `Set TERRA_WIDGET_GENERATION=${other} to avoid the failing call after each restart.`,
      });
      return session;
    } catch (error) {
      throw isAbsent(error) ? new TerraNoWidgetEndpointError() : error;
    }
  }

  private async createAt(
    generation: Generation,
    request: WidgetSessionRequest,
    ms: number,
  ): Promise<WidgetSession> {
    const { widgetUrl, apiUrl } = this.options;
    const body = asRecord(
      await this.transport.send({
        operation: generation === 'current' ? WIDGET_SESSION : LEGACY_WIDGET_SESSION,
        method: 'POST',
        url: generation === 'current' ? widgetUrl : `${apiUrl}/auth/generateWidgetSession`,
        body: toWire(request),
        repeatable: false,
        deadlineMs: ms,
      }),
    );
    const url = readUrl(body.url);
    if (url === null) throw new TerraMalformedAnswerError();
    return {
      terraSessionId: textOf(body.session_id),
      url,
      expiresInSeconds: expiryOf(body.expires_in) ?? DEFAULT_EXPIRY_SECONDS[generation],
      warnings: readWarnings(body.warnings),
      generation,
    };
  }
}

// The URL goes into a Location header. The parser's `href` contains no character that a header forbids.
function readUrl(value: unknown): string | null {
  const text = textOf(value);
  if (text === null || !URL.canParse(text)) return null;
  const { href, protocol } = new URL(text);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

function readWarnings(value: unknown): string[] {
  const texts = asList(value)
    .map(textOf)
    .filter((text) => text !== null);
  return texts.slice(0, MAX_WARNINGS).map((text) => toStorable(text, MAX_WARNING_LENGTH));
}

function isAbsent(error: unknown): boolean {
  return error instanceof TerraNotFoundError || error instanceof TerraGoneError;
}

// Terra expects `providers` as a comma-separated string. The legacy endpoint answers 500 to an array. Both endpoints take
// the same fields. A field without a value is left out, because some Terra accounts reject fields that they do not know.
function toWire(request: WidgetSessionRequest): Record<string, unknown> {
  return {
    reference_id: request.referenceId,
    auth_success_redirect_url: request.successUrl,
    auth_failure_redirect_url: request.failureUrl,
    ...(request.providers.length > 0 ? { providers: request.providers.join(',') } : {}),
    ...(request.language ? { language: toTerraLanguage(request.language) } : {}),
    ...(request.showDisconnect ? { show_disconnect: true } : {}),
    ...(request.multiAuth ? { multi_auth: true } : {}),
    ...(request.useTerraAvengersApp ? { use_terra_avengers_app: true } : {}),
    ...(request.appleAppUrl ? { apple_app_url: request.appleAppUrl } : {}),
    ...(request.samsungAppUrl ? { samsung_app_url: request.samsungAppUrl } : {}),
    ...(request.connectedUids.length > 0 ? { connected_uids: request.connectedUids } : {}),
    ...(request.bypassFeedback === null ? {} : { bypass_feedback: request.bypassFeedback }),
  };
}
