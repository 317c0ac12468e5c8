import assert from "node:assert/strict";
import { StatusReader } from "./status_reader.ts";

/** What a reader makes of a text, given as a whole and byte by byte. */
function statusOf(text: string): number | "invalid" | undefined {
  const bytes = new TextEncoder().encode(text);
  const reader = new StatusReader();
  let status: number | "invalid" | undefined;
  for (let i = 0; i < bytes.length && status === undefined; i++) status = reader.read(bytes.subarray(i, i + 1));
  assert.equal(new StatusReader().read(bytes), status, text);
  return status;
}

Deno.test({
  name: "B509: the status is that of the first line, whatever stands behind it",
  permissions: "none",
  fn() {
    const expected: Readonly<Record<string, number>> = {
      "HTTP/1.1 200 OK\r\n": 200,
      "HTTP/1.0 204 No Content\r\n\r\n": 204,
      "HTTP/1.1 500\r\n": 500,
      "HTTP/1.1 299\n": 299,
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n": 302,
      "HTTP/1.1 410 ": 410,
      "HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n": 101,
    };
    for (const [text, status] of Object.entries(expected)) assert.equal(statusOf(text), status, text);
  },
});

Deno.test({
  name: "B509: interim responses are passed over, with whatever headers they have",
  permissions: "none",
  fn() {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nX: HTTP/1.1 500 no\r\n\r\n";
    assert.equal(statusOf(`HTTP/1.1 100 Continue\r\n\r\n${hints}HTTP/1.1 201 Created\r\n`), 201);
    assert.equal(statusOf("HTTP/1.1 100\n\nHTTP/1.1 200 OK\n"), 200);
    assert.equal(statusOf("HTTP/1.1 100\r\n\r\nHTTP/1.1 200 OK\r\n"), 200);
    assert.equal(statusOf(`${hints}<html><body>no HTTP`), "invalid");
  },
});

Deno.test({
  name: "B509: what is no HTTP has no status, and what is none yet may become one",
  permissions: "none",
  fn() {
    for (const text of ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2.0 200 OK\r\n", "HTTP/1.1 2000 \r\n", "HTTP/1.1 600 \r\n"]) {
      assert.equal(statusOf(text), "invalid", text);
    }
    for (const text of ["", "HTTP/1.1 200", "HTTP/1.1 100 Continue\r\n", "HTTP/1.1 100 Continue\r\nA: b"]) {
      assert.equal(statusOf(text), undefined, text);
    }
  },
});
