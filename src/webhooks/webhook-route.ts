/** The path of the webhook route, to which Terra's destination points. */
export const WEBHOOK_PATH = 'webhooks/terra';

/** Terra sends health data to the same URL, in chunks of up to 10 MB. */
export const WEBHOOK_BODY_LIMIT = 15 * 1024 * 1024;
