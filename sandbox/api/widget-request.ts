import type { Account } from '../account/account';
import type { WidgetSession } from '../account/widget-sessions';
import { ApiError } from './errors';

const TEXT_FIELDS = [
  'reference_id',
  'providers',
  'auth_success_redirect_url',
  'auth_failure_redirect_url',
  'language',
  'apple_app_url',
  'samsung_app_url',
] as const;
const FLAG_FIELDS = ['show_disconnect', 'multi_auth', 'bypass_feedback', 'use_terra_avengers_app'] as const;

type TextField = (typeof TEXT_FIELDS)[number];
type FlagField = (typeof FLAG_FIELDS)[number];
type WidgetBody = Partial<Record<TextField, string | null> & Record<FlagField, boolean | null>> & {
  connected_uids?: string[] | null;
};

/** A valid request body of either generation: the options of the session, and a warning per ignored provider. */
export interface WidgetRequest {
  session: Omit<WidgetSession, 'sessionId' | 'linkId' | 'expiresAt'>;
  warnings: string[];
}

export function readWidgetRequest(body: unknown, account: Account): WidgetRequest {
  const fields = checkTypes(body ?? {});
  const { providers, warnings } = chooseProviders(fields.providers, account.enabledProviders);
  const invalid = (fields.connected_uids ?? []).filter((id) => !account.users.get(id)?.isAuthenticated);
  if (invalid.length > 0) {
    throw new ApiError(400, 'Some connected_uids are unknown', { fields: { invalid_user_ids: invalid } });
  }
  const success = fields.auth_success_redirect_url || null;
  // Terra: the text `multi-auth` instead of a URL is the legacy form of multi_auth.
  const legacyMultiAuth = success === 'multi-auth';
  return {
    warnings,
    session: {
      referenceId: fields.reference_id || null,
      providers,
      successUrl: legacyMultiAuth ? null : checkUrl(success, 'auth_success_redirect_url'),
      failureUrl: checkUrl(fields.auth_failure_redirect_url || null, 'auth_failure_redirect_url'),
      showDisconnect: fields.show_disconnect ?? false,
      multiAuth: legacyMultiAuth || (fields.multi_auth ?? false),
      bypassFeedback: fields.bypass_feedback ?? true,
      connectedUserIds: fields.connected_uids ?? [],
    },
  };
}

function checkUrl(url: string | null, field: string): string | null {
  if (url !== null && !URL.canParse(url)) throw new ApiError(400, `${field} is not a valid URL`);
  return url;
}

function checkTypes(body: unknown): WidgetBody {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ApiError(400, 'The request body must be a JSON object');
  }
  const fields = body as Record<string, unknown>;
  for (const name of TEXT_FIELDS) checkType(fields, name, (value) => typeof value === 'string', 'a string');
  for (const name of FLAG_FIELDS) checkType(fields, name, (value) => typeof value === 'boolean', 'a boolean');
  const isTextList = (value: unknown): boolean =>
    Array.isArray(value) && value.every((item) => typeof item === 'string');
  checkType(fields, 'connected_uids', isTextList, 'a list of strings');
  return fields;
}

function checkType(
  fields: Record<string, unknown>,
  name: string,
  isValid: (value: unknown) => boolean,
  kind: string,
): void {
  if (fields[name] != null && !isValid(fields[name])) throw new ApiError(400, `${name} must be ${kind}`);
}

/** Terra: `providers` is a comma-separated string; a missing value or `ALL` means all enabled providers. */
function chooseProviders(
  requested: string | null | undefined,
  enabled: string[],
): { providers: string[]; warnings: string[] } {
  const codes = (requested ?? '').split(',').map((code) => code.trim().toUpperCase());
  const wanted = [...new Set(codes.filter((code) => code !== ''))];
  if (wanted.length === 0 || wanted.includes('ALL')) return { providers: enabled, warnings: [] };
  const unavailable = wanted.filter((code) => !enabled.includes(code));
  if (unavailable.length === wanted.length)
    throw new ApiError(400, `No such provider is enabled: ${unavailable.join(', ')}`);
  return {
    providers: wanted.filter((code) => enabled.includes(code)),
    warnings: unavailable.map((code) => `Provider ${code} is unknown or not enabled and was left out`),
  };
}
