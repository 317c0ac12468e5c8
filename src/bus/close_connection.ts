/** Closes a connection, unless TLS has just taken it over or somebody else has closed it. */
export function closeConnection(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
