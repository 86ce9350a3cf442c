export { ProviderSuccessors } from './provider-successors';
export { ProvidersModule } from './providers.module';
export { ProvidersService } from './providers.service';
