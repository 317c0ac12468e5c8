import { MediaStreamTrack, RTCPeerConnection, type RtpPacket, useOPUS, useSdesMid, useVP8 } from "werift";
import { Journal } from "./journal.ts";
import { flightTimers, prepareTransport } from "./werift_transport.ts";

type Kind = "audio" | "video";

/** Who publishes in a room, and who receives it: the tracks that packets are given to. */
interface Room {
  readonly kinds: Kind[];
  readonly tracks: { readonly kind: Kind; readonly track: MediaStreamTrack }[];
}

/**
 * Another server than this project's: WHIP and WHEP at `/{room}/whip` and `/{room}/whep`, media by werift, which is a full
 * ICE agent and begins the DTLS handshake itself. It forwards what one publisher of a room sends.
 */
export class WeriftSfu implements AsyncDisposable {
  /** Packets that publishers have sent, and that went to subscribers. */
  received = 0;
  sent = 0;
  /** What requests came without the right token. */
  refused = 0;
  readonly #token: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #rooms = new Map<string, Room>();
  readonly #sessions = new Map<string, RTCPeerConnection>();
  readonly #flightsOver: (() => Promise<void>)[] = [];

  /** Asks for this bearer token. */
  constructor(token: string) {
    this.#token = token;
    this.#server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#handle(request),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Sessions that were not deleted. */
  get sessions(): number {
    return this.#sessions.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const connection of this.#sessions.values()) await connection.close();
    await Promise.all(this.#flightsOver.map((over) => over()));
    await this.#server.shutdown();
  }

  async #handle(request: Request): Promise<Response> {
    const [, first, last] = new URL(request.url).pathname.split("/");
    const offer = await request.text();
    if (request.headers.get("Authorization") !== `Bearer ${this.#token}`) {
      this.refused++;
      return new Response("who are you?", { status: 401 });
    }
    if (request.method === "DELETE" && first === "sessions") return await this.#end(last);
    if (request.method !== "POST" || (last !== "whip" && last !== "whep")) return new Response(null, { status: 404 });
    const answer = await this.#answer(first, last, offer);
    return new Response(answer.sdp, {
      status: 201,
      headers: { "Content-Type": "application/sdp", "Location": `/sessions/${answer.session}` },
    });
  }

  async #answer(roomId: string, role: "whip" | "whep", offer: string) {
    const room = this.#rooms.get(roomId) ?? { kinds: [], tracks: [] };
    this.#rooms.set(roomId, room);
    const connection = openConnection();
    if (role === "whip") this.#publish(connection, room);
    else this.#subscribe(connection, room);
    await connection.setRemoteDescription({ type: "offer", sdp: offer });
    const [transport] = connection.dtlsTransports;
    prepareTransport(transport, undefined);
    this.#flightsOver.push(flightTimers(transport));
    await connection.setLocalDescription(await connection.createAnswer());
    const session = crypto.randomUUID();
    this.#sessions.set(session, connection);
    return { session, sdp: connection.localDescription?.sdp ?? "" };
  }

  #publish(connection: RTCPeerConnection, room: Room): void {
    connection.onTrack.subscribe((track) => {
      const kind = track.kind as Kind;
      room.kinds.push(kind);
      track.onReceiveRtp.subscribe((packet) => this.#forward(room, kind, packet));
    });
  }

  #subscribe(connection: RTCPeerConnection, room: Room): void {
    for (const kind of room.kinds) {
      const track = new MediaStreamTrack({ kind });
      connection.addTransceiver(track, { direction: "sendonly" });
      const connected = new Journal<string>();
      connection.connectionStateChange.subscribe((state) => connected.add(state));
      void connected.find((state) => state === "connected", "a subscriber").then(() =>
        room.tracks.push({ kind, track })
      );
    }
  }

  #forward(room: Room, kind: Kind, packet: RtpPacket): void {
    this.received++;
    for (const { kind: wanted, track } of room.tracks) {
      if (wanted !== kind) continue;
      this.sent++;
      track.writeRtp(packet);
    }
  }

  async #end(session: string): Promise<Response> {
    const connection = this.#sessions.get(session);
    this.#sessions.delete(session);
    await connection?.close();
    return new Response(null, { status: connection === undefined ? 404 : 200 });
  }
}

function openConnection(): RTCPeerConnection {
  return new RTCPeerConnection({
    codecs: { audio: [useOPUS({ payloadType: 111 })], video: [useVP8({ payloadType: 96 })] },
    headerExtensions: { audio: [useSdesMid()], video: [useSdesMid()] },
    iceServers: [],
    iceUseIpv4: false,
    iceUseIpv6: false,
    iceUseTcp: false,
    iceAdditionalHostAddresses: ["127.0.0.1"],
    iceInterfaceAddresses: { udp4: "127.0.0.1" },
    bundlePolicy: "max-bundle",
  });
}
