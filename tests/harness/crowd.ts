import type { RoomPage } from "./room_page.ts";

/** Many people on one page, whose pictures and sound cost the machine little. */
export class Crowd implements AsyncDisposable {
  /** In the order in which they joined. */
  readonly peerIds: readonly string[];
  readonly #page: RoomPage;

  private constructor(page: RoomPage, peerIds: readonly string[]) {
    this.#page = page;
    this.peerIds = peerIds;
  }

  /** Has so many join the room from a page that is in the lobby. */
  static async join(page: RoomPage, count: number): Promise<Crowd> {
    await page.page.evaluate(await Deno.readTextFile(new URL("crowd.js", import.meta.url)));
    return new Crowd(page, await page.page.evaluate(`crowd.join(${count})`) as string[]);
  }

  async speak(index: number, aloud: boolean): Promise<void> {
    await this.#page.page.evaluate(`crowd.speak(${index}, ${aloud})`);
  }

  /** Publishes the camera anew, as another track. */
  async republish(index: number): Promise<void> {
    await this.#page.page.evaluate(`crowd.republish(${index})`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#page.page.evaluate("crowd.leave()");
  }
}
