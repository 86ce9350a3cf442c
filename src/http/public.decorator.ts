import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const PUBLIC_ROUTE = 'terra-connect:public';

/** Opens a route to callers without an API key. Routes without this decorator are closed. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_ROUTE, true);
