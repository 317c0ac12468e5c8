/** There is no socket, or no worker, for another peer at present. The message is for the client, the cause for the log. */
export class NoCapacityError extends Error {
  override readonly name = "NoCapacityError";

  constructor(options?: ErrorOptions) {
    super("the server cannot carry the media of another peer at present", options);
  }
}
