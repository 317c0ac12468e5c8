// @ts-check

/**
 * What the SDK throws, rejects with and reports. `code` is the server's, or one of the SDK's own:
 * `unsupported-browser`, `bad-url`, `bad-token`, `token-unavailable`, `not-secure`, `server-unreachable`, `server-gone`,
 * `transport-failed`, `offer-failed`, `bad-answer`, `bad-candidate`, `not-taken`, `unpublished`, `closed`.
 */
export class SwitchboardError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "SwitchboardError";
    this.code = code;
  }
}
