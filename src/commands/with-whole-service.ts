import type { Type } from '@nestjs/common';
import { readEnvironment, secretsOf } from '../config';
import { WholeServiceModule } from './whole-service.module';
import { withService } from './with-service';

/** Runs one command with the service, as its environment variables configure it. */
export function withWholeService<Service, Result>(
  service: Type<Service>,
  work: (service: Service) => Promise<Result>,
  environment = readEnvironment(),
): Promise<Result> {
  const setup = { module: WholeServiceModule.forEnvironment(environment), secrets: secretsOf(environment) };
  return withService(setup, service, work);
}
