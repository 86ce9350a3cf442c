import { decodeUtf8 } from '../common';
import type { DataSubject } from '../database';
import { parseStoredBody } from './stored-body';

type OwnIds = Pick<DataSubject, 'referenceId' | 'terraUserIds' | 'successorIds'>;

/**
 * Returns the end user's own part of an event's body, as text. T-16: an event can name two end users, such as `user_reauth`
 * for an account that moves. An object that names another end user is null, and so is a body that does.
 */
export function ownBodyOf(body: Buffer, own: OwnIds): string | null {
  const text = decodeUtf8(body);
  const event = text === null ? null : parseStoredBody(text);
  if (event === null) return null;
  const othersIds: string[] = [];
  const part = ownPart(event, own, othersIds);
  if (othersIds.length === 0) return text;
  // Terra's message is a sentence, which can name both end users.
  const kept =
    part === null || isAboutAnother(part, own) ? null : JSON.stringify({ ...part, message: undefined });
  return kept === null || othersIds.some((id) => kept.includes(JSON.stringify(id).slice(1, -1)))
    ? null
    : kept;
}

// The members beside `user`, such as the added scopes, are about this user.
function isAboutAnother(part: { user?: unknown; reference_id?: unknown }, { referenceId }: OwnIds): boolean {
  return part.user === null && part.reference_id !== referenceId;
}

/** @param othersIds receives the ids of other end users */
function ownPart<Value>(value: Value, own: OwnIds, othersIds: string[]): Value | null {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => ownPart(item, own, othersIds)) as Value;
  const members = Object.entries(value);
  const isOwnObject = members.some(([name, member]) => name === 'reference_id' && member === own.referenceId);
  const others = members.filter(([name, member]) => isOfAnother(name, member, own, isOwnObject));
  if (others.length > 0) {
    othersIds.push(...others.map(([, member]) => String(member)));
    return null;
  }
  return Object.fromEntries(
    members.map(([name, member]) => [name, ownPart(member, own, othersIds)]),
  ) as Value;
}

function isOfAnother(name: string, member: unknown, own: OwnIds, isOwnObject: boolean): boolean {
  // Terra writes a missing reference as null, as an empty text and as the text "null".
  if (member === null || member === '' || member === 'null') return false;
  if (name === 'reference_id') return member !== own.referenceId;
  if (!/^(old_|new_)?user_id$/.test(name) || own.terraUserIds.includes(member as string)) return false;
  // The Terra user of a failed attempt has no owner. Under the end user's reference, it is the end user's.
  return !isOwnObject || own.successorIds.includes(member as string);
}
