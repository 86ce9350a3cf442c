import { Controller, Get, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Public } from '../http';
import { ClosedByDefaultGuard } from './closed-by-default.guard';
import { RequireScope } from './require-scope.decorator';
import { RestController } from './rest-controller.decorator';

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

@RestController('guarded', 'Guarded')
class GuardedRoutes {
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

describe('T-05: a route', () => {
  const guard = new ClosedByDefaultGuard(new Reflector());
  const isAllowed = (controller: object, handler: object): boolean =>
    guard.canActivate({
      getHandler: () => handler,
      getClass: () => controller,
    } as unknown as ExecutionContext);
  const { forgotten, open, scoped } = Routes.prototype as unknown as Record<string, object>;

  it.each([
    ['is neither public nor guarded', forgotten],
    ['names a scope that no guard checks', scoped],
  ])('is closed when it %s', (_case, handler) => {
    expect(() => isAllowed(Routes, handler ?? {})).toThrow(
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
    [
      'belongs to a controller that the key guard protects',
      GuardedRoutes,
      (GuardedRoutes.prototype as unknown as { scoped: object }).scoped,
    ],
  ])('lets a caller pass when it %s', (_case, controller, handler) => {
    expect(isAllowed(controller, handler ?? {})).toBe(true);
  });
});
