/** Makes a name that stands in the middle of sentences begin one. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
