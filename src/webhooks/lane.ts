import { DATA_EVENT_TYPES, LINK_EVENT_TYPES } from '../terra';
import { LANES, type Lane } from './webhook-event.entity';

/** Larger bodies are large: only health data has them. */
export const LARGE_BODY_BYTES = 256 * 1024;
// Terra writes the type before or after everything else.
const SEARCHED_BYTES = 64 * 1024;

const LINK_TYPE = new RegExp(String.raw`"type"\s*:\s*"(?:${LINK_EVENT_TYPES.join('|')})"`);
// Terra adds endings to a type: "lab_report.completed".
const DATA_TYPE = new RegExp(
  String.raw`"type"\s*:\s*"(?:${DATA_EVENT_TYPES.map((type) => type.split('.')[0]).join('|')})`,
);

/**
 * The lane of a delivery, from its bytes: a body is not parsed before its 200. A wrong lane only changes the order of
 * processing. So a small body of a type that is unclear (misspelt, escaped, nested) is in the lane of the links.
 */
export function laneOf(body: Buffer): Lane {
  if (body.length > LARGE_BODY_BYTES) {
    const isLink = [body.subarray(0, SEARCHED_BYTES), body.subarray(-SEARCHED_BYTES)].some(namesLinkType);
    return isLink ? LANES.links : LANES.largeBodies;
  }
  const text = body.toString('latin1');
  return DATA_TYPE.test(text) && !LINK_TYPE.test(text) ? LANES.data : LANES.links;
}

function namesLinkType(part: Buffer): boolean {
  return LINK_TYPE.test(part.toString('latin1'));
}
