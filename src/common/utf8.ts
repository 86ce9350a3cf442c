import { isUtf8 } from 'node:buffer';

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Decodes UTF-8, without a byte-order mark at its start. Node's own decoding would turn every invalid byte into U+FFFD,
 * so that two different names become one.
 *
 * @returns null when the bytes are not UTF-8
 */
export function decodeUtf8(bytes: Buffer): string | null {
  if (!isUtf8(bytes)) return null;
  const text = bytes.toString('utf8');
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
}

const BYTES_OF_MARK = Buffer.from(BYTE_ORDER_MARK);

/** The bytes without a byte-order mark at their start: JSON may not have it inside. */
export function withoutByteOrderMark(bytes: Buffer): Buffer {
  const hasMark = bytes.subarray(0, BYTES_OF_MARK.length).equals(BYTES_OF_MARK);
  return hasMark ? bytes.subarray(BYTES_OF_MARK.length) : bytes;
}
