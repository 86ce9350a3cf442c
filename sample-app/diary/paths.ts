import type { EndUser } from '../sign-in';

export const SCRIPT_PATH = '/diary.js';
export const STREAM_PATH = '/diary/events';

/** The page names its end user: if another one has signed in meanwhile, in another tab, it gets no stream. */
export function streamPath({ slug }: EndUser): string {
  return `${STREAM_PATH}?user=${slug}`;
}
