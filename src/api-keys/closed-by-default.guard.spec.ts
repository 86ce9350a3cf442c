import { Controller, Get, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Public } from '../common';
import { ClosedByDefaultGuard } from './closed-by-default.guard';
import { RequireScope } from './require-scope.decorator';

@Controller()
class Routes {
  @Get()
  forgotten(): void {}

  @Get()
  @Public()
  open(): void {}

  @Get()
  @RequireScope('sessions:read')
  scoped(): void {}
}

@Public()
@Controller()
class OpenRoutes {
  @Get()
  anything(): void {}
}

describe('T-05: a route is closed until somebody opens it', () => {
  const guard = new ClosedByDefaultGuard(new Reflector());
  const asked = (controller: object, handler: object): boolean =>
    guard.canActivate({
      getHandler: () => handler,
      getClass: () => controller,
    } as unknown as ExecutionContext);
  const { forgotten, open, scoped } = Routes.prototype as unknown as Record<string, object>;

  it('stays shut when it is neither public nor names a scope', () => {
    expect(() => asked(Routes, forgotten ?? {})).toThrow(
      expect.objectContaining({ code: 'auth.missing_key' }) as Error,
    );
  });

  it.each([
    ['is marked public itself', Routes, open],
    [
      'belongs to a public controller',
      OpenRoutes,
      (OpenRoutes.prototype as unknown as typeof Routes.prototype & { anything: object }).anything,
    ],
    ['names its scope, which another guard asks for', Routes, scoped],
  ])('lets a caller pass when it %s', (_case, controller, handler) => {
    expect(asked(controller, handler ?? {})).toBe(true);
  });
});
