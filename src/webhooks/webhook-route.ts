/** Where Terra's destination points. */
export const WEBHOOK_PATH = 'webhooks/terra';

/** Terra sends health data in chunks of up to 10 MB to the same address. */
export const WEBHOOK_BODY_LIMIT = 15 * 1024 * 1024;
