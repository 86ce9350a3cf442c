export { CatalogueCheck } from './catalogue-check.entity';
export { CatalogueProvider } from './catalogue-provider.entity';
export { ProviderRetirementModule } from './provider-retirement.module';
export { ProviderRetirementWorker } from './provider-retirement.worker';
