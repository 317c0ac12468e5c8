// @ts-check

/**
 * Tells of every sign that this machine is on another network than before, or on one again.
 * @param {() => void} changed
 * @returns {() => void} ends it
 */
export function watchNetwork(changed) {
  /** The Network Information API, which is Chromium's alone. @type {(EventTarget & { type?: string }) | undefined} */
  const connection = Reflect.get(navigator, "connection");
  let type = connection?.type;
  // It tells of each new estimate of the bandwidth as well.
  const compareType = () => {
    if (connection?.type === type) return;
    type = connection?.type;
    changed();
  };
  addEventListener("online", changed);
  connection?.addEventListener("change", compareType);
  return () => {
    removeEventListener("online", changed);
    connection?.removeEventListener("change", compareType);
  };
}
