import assert from "node:assert/strict";
import { openAttached } from "../../../tests/harness/attached_sockets.ts";
import { stunRequest, UFRAG } from "../../../tests/harness/datagram_peer.ts";
import { TcpClient } from "../../../tests/harness/tcp_client.ts";
import { tcpContract } from "../../../tests/harness/tcp_contract.ts";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import { until } from "../../../tests/harness/worker_setup.ts";
import { PortableSockets } from "./sockets.ts";
import { TcpListener, type TcpListenerOptions } from "./tcp_listener.ts";

tcpContract("portable", {
  permissions: { net: ["127.0.0.1"] },
  open() {
    const clock = new VirtualClock(1000);
    const tcp = new TcpListener({ hostname: "127.0.0.1", port: 0, clock });
    const sockets = new PortableSockets(tcp);
    return {
      tcpPort: tcp.port,
      clock,
      counters: () => tcp.counters,
      connectionCount: () => tcp.size,
      openSocket: (hostname, handler) => openAttached(sockets, hostname, handler),
      flush: () => sockets.flush(),
      handleTimeout: () => tcp.handleTimeout(clock.now()),
      close: () => sockets.close(),
    };
  },
});

/** A listener that has something else to say each time it is to accept, as long as there is any. */
function faultyListen(faults: Error[]): NonNullable<TcpListenerOptions["listen"]> {
  return (options) => {
    const listener = Deno.listen(options);
    const accept = listener.accept.bind(listener);
    listener.accept = () => faults.length > 0 ? Promise.reject(faults.shift()) : accept();
    return listener;
  };
}

Deno.test({
  name: "B199: where the process has no descriptor for a connection the port waits a second, and goes on",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const clock = new VirtualClock();
    const faults = [new Error("Too many open files"), new Error("Too many open files")];
    const tcp = new TcpListener({ hostname: "127.0.0.1", port: 0, clock, listen: faultyListen(faults) });
    const peer = tcp.openPeer({ handleDatagram: () => {}, endBatch: () => {} }, () => {});
    peer.claimUfrag(UFRAG);
    await using client = await TcpClient.connect(tcp.port);
    await client.send(stunRequest(UFRAG));
    for (const left of [1, 0]) {
      await until(() => clock.pendingCount > 0, "it waits");
      assert.deepEqual([faults.length, tcp.counters.accepted], [left, 0]);
      clock.advance(1000);
    }
    await client.ended;
    assert.deepEqual(tcp.counters, { accepted: 1, refused: 1, expired: 0 });
    await tcp.close();
  },
});

Deno.test({
  name: "B199: a port that is closed while it waits is closed at once, and again",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const clock = new VirtualClock();
    const listen = faultyListen([new Error("Too many open files")]);
    const tcp = new TcpListener({ hostname: "127.0.0.1", port: 0, clock, listen });
    await until(() => clock.pendingCount > 0, "it waits");
    await Promise.all([tcp.close(), tcp.close()]);
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B192: where there is no peer a connection is closed at once",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const tcp = new TcpListener({ hostname: "127.0.0.1", port: 0, clock: new VirtualClock() });
    await using client = await TcpClient.connect(tcp.port);
    await client.ended;
    assert.deepEqual([tcp.size, tcp.needsTicks, tcp.counters.refused], [0, false, 1]);
    await tcp.close();
  },
});
