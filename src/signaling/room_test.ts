import assert from "node:assert/strict";
import { audioProducer, consumerParameters, videoProducer } from "../../tests/harness/engine.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import type { PeerCommand } from "../media/messages.ts";
import { newIdentifier } from "../sfu/identifier.ts";
import type { RandomSource } from "../sfu/random.ts";
import { type PeerObserver, Room, Rooms } from "./room.ts";
import { RoomPeer } from "./room_peer.ts";

/** A peer with its ears open: what it is told, and what its media is told, are recorded. */
interface ToldPeer {
  readonly peer: RoomPeer;
  readonly told: string[];
  readonly commands: PeerCommand[];
}

function addPeer(room: Room, random: RandomSource, name?: string): ToldPeer {
  const told: string[] = [];
  const commands: PeerCommand[] = [];
  const observer: PeerObserver = {
    peerJoined: (id, joined) => told.push(`peerJoined ${id} ${joined}`),
    peerLeft: (id) => told.push(`peerLeft ${id}`),
    trackPublished: (id, track) => told.push(`trackPublished ${id} ${track.id} ${track.kind} ${track.source}`),
    speakersChanged: ({ dominant, active }) => told.push(`speakers ${dominant}: ${active.map(({ peerId }) => peerId)}`),
    trackUnpublished: (id, track) => told.push(`trackUnpublished ${id} ${track}`),
    trackMuted: ({ id }, isMuted) => told.push(`trackMuted ${id} ${isMuted}`),
    trackEnded: (id) => told.push(`trackEnded ${id}`),
    replaced: () => told.push("replaced"),
  };
  const media = { send: (command: PeerCommand) => commands.push(command) };
  const peer = new RoomPeer(room, { id: newIdentifier(random), name, ssrc: 1, media, observer, random });
  room.addPeer(peer);
  return { peer, told, commands };
}

Deno.test({
  name: "P10: a room begins with its first peer and vanishes with its last",
  permissions: "none",
  fn() {
    const rooms = new Rooms();
    const random = seededRandom(1);
    const room = rooms.enter("a");
    const [one, two] = [addPeer(room, random), addPeer(rooms.enter("a"), random)];
    assert.equal(rooms.size, 1);
    one.peer.close();
    rooms.release(room);
    assert.equal(rooms.size, 1);
    two.peer.close();
    rooms.release(room);
    assert.equal(rooms.size, 0);
    assert.notEqual(rooms.enter("a"), room, "a room that is entered later is a new one");
  },
});

Deno.test({
  name: "P11: those in the room are told of a new peer once, with its name",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(2);
    const one = addPeer(room, random);
    const two = addPeer(room, random, "Two");
    assert.deepEqual(one.told, [`peerJoined ${two.peer.id} Two`]);
    assert.deepEqual(two.told, []);
  },
});

Deno.test({
  name: "P12: a track's beginning and end are told to everyone but its publisher",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(3);
    const [one, two] = [addPeer(room, random), addPeer(room, random)];
    one.told.length = 0;
    const track = two.peer.publish(videoProducer());
    two.peer.unpublish("0");
    assert.deepEqual(one.told, [
      `trackPublished ${two.peer.id} ${track.id} video camera`,
      `trackUnpublished ${two.peer.id} ${track.id}`,
    ]);
    assert.deepEqual(two.told, []);
  },
});

Deno.test({
  name: "P12: a peer that leaves ends its tracks, and peerLeft alone says so",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(4);
    const [one, two] = [addPeer(room, random), addPeer(room, random)];
    const video = two.peer.publish(videoProducer());
    two.peer.publish(audioProducer());
    one.peer.subscribe(video.id, consumerParameters());
    one.told.length = 0;
    two.peer.close();
    assert.deepEqual(one.told, [`trackEnded ${video.id}`, `peerLeft ${two.peer.id}`]);
    assert.equal(one.peer.consumers.size, 0);
    assert.equal(room.tracks.size, 0);
    two.peer.close();
    assert.equal(one.told.length, 2, "leaving twice is told once");
  },
});

Deno.test({
  name: "tracks of the others are listed in the order of publication",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(5);
    const [one, two, three] = [addPeer(room, random), addPeer(room, random), addPeer(room, random)];
    const ids = [
      two.peer.publish(videoProducer()).id,
      three.peer.publish(videoProducer()).id,
      two.peer.publish(audioProducer()).id,
    ];
    one.peer.publish(videoProducer());
    assert.deepEqual([...one.peer.tracks()].map((track) => track.id), ids);
  },
});

Deno.test({
  name: "P95: everyone in the room is told who speaks, and P96: of a speaker that leaves by peerLeft alone",
  permissions: "none",
  fn() {
    const room = new Room("a");
    const random = seededRandom(8);
    const [one, two] = [addPeer(room, random), addPeer(room, random)];
    for (const { told } of [one, two]) told.length = 0;
    const [a, b] = [one.peer.id, two.peer.id];
    const active = [{ peerId: b, level: 0.2 }, { peerId: "gone", level: 0.1 }];
    room.handleSpeakers({ dominant: b, active });
    assert.deepEqual([one.told, two.told], [[`speakers ${b}: ${b}`], [`speakers ${b}: ${b}`]]);
    assert.deepEqual([room.speakers.dominant, room.recentSpeakers, room.hasSpeakers], [b, [b], true]);
    two.peer.close();
    assert.deepEqual(one.told.slice(1), [`peerLeft ${b}`]);
    assert.deepEqual([room.speakers, room.recentSpeakers, room.hasSpeakers], [{ active: [] }, [], false]);
    room.handleSpeakers({ dominant: a, active: [] });
    assert.deepEqual(room.speakers, { dominant: a, active: [] });
  },
});

Deno.test({
  name: "P134: a mute is told to everyone in the room, the publisher included, once, and ends with the track",
  permissions: "none",
  fn() {
    const random = seededRandom(1);
    const room = new Room("a");
    const [one, two] = [addPeer(room, random), addPeer(room, random)];
    const track = one.peer.publish(videoProducer());
    for (const { told } of [one, two]) told.length = 0;
    for (const isMuted of [true, true, false, true]) assert.equal(one.peer.muteTrack(track.id, isMuted), true);
    assert.equal(two.peer.muteTrack(track.id, false), false, "it is another peer's");
    const expected = [true, false, true].map((isMuted) => `trackMuted ${track.id} ${isMuted}`);
    assert.deepEqual([one.told, two.told], [expected, expected]);
    assert.equal(room.isMuted(track.id), true);
    one.peer.unpublish("0");
    assert.equal(room.isMuted(track.id), false);
  },
});
