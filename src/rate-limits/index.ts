export { RateLimits, RateLimitsModule } from './rate-limits';
