import { SetMetadata, type CustomDecorator } from '@nestjs/common';

export const PUBLIC_ROUTE = 'terra-connect:public';

/** Allows requests without an API key. Without this decorator, a route rejects them. */
export const Public = (): CustomDecorator => SetMetadata(PUBLIC_ROUTE, true);
