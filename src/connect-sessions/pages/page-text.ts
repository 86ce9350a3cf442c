export interface PageText {
  title: string;
  /** Plain text. */
  paragraphs: string[];
}

/** A text about the provider, by its display name; null: no provider, or several, are known. */
type ProviderText = (provider: string | null) => PageText;

/** Every text of the pages, in one language. */
export interface PageTexts {
  connected: ProviderText;
  pending: ProviderText;
  failed: ProviderText;
  cancelled: ProviderText;
  unknownLink: PageText;
  spentLink: PageText;
  expiredLink: PageText;
  renewableLink: PageText;
  renewedLink: PageText;
  tooManyRequests: PageText;
  serviceFailed: PageText;
  backToApp: string;
  getNewLink: string;
  continue: string;
}
