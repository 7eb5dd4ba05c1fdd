/** What a message's text says, or `undefined` where it isn't JSON: what one message holds must not stop its batch. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
