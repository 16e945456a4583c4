/**
 * Decodes a text that may not be JSON, for a schema to judge. Nothing is told of what is wrong with it: the message
 * of a SyntaxError quotes the text, which may hold a key.
 * @returns undefined where it is not JSON
 */
export function decodeJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
