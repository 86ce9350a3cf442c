export { ApiKey } from './api-key.entity';
export { ApiKeysModule } from './api-keys.module';
export { ApiKeysService, type Caller } from './api-keys.service';
export { BootstrapApiKey } from './bootstrap-api-key';
export { callerOf, CurrentCaller } from './caller.decorator';
export { ClosedByDefaultGuard } from './closed-by-default.guard';
export { RequireScope } from './require-scope.decorator';
export { RestController } from './rest-controller.decorator';
export { isScope, SCOPES, type Scope } from './scopes';
