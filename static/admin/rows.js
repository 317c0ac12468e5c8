// @ts-check

/** Rows that are shown at once: more of them nobody reads, and a filter finds the others. */
const MAX_ROWS = 200;

/**
 * The rows of one list, kept as long as what they stand for is there: who has the focus keeps it.
 * @template Item
 */
export class Rows {
  #container;
  #create;
  /** @type {Map<string, { element: HTMLElement, fill: (item: Item) => void }>} */
  #rows = new Map();

  /**
   * @param {HTMLElement} container
   * @param {(key: string) => { element: HTMLElement, fill: (item: Item) => void }} create makes the row of a new item
   */
  constructor(container, create) {
    this.#container = container;
    this.#create = create;
  }

  /**
   * @param {Item[]} items
   * @param {(item: Item) => string} keyOf names an item, once in a list
   * @returns {number} how many are not shown
   */
  show(items, keyOf) {
    const shown = items.slice(0, MAX_ROWS);
    const keys = new Set(shown.map(keyOf));
    for (const [key, { element }] of this.#rows) {
      if (keys.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
    for (const [index, item] of shown.entries()) {
      const key = keyOf(item);
      const row = this.#rows.get(key) ?? this.#create(key);
      this.#rows.set(key, row);
      row.fill(item);
      const there = this.#container.children[index];
      if (there !== row.element) this.#container.insertBefore(row.element, there ?? null);
    }
    return items.length - shown.length;
  }
}

/**
 * A table's row whose first cell is a button.
 * @param {() => void} choose
 * @param {number} cells behind the first one
 * @param {(cell: number) => boolean} isNumber
 */
export function choosableRow(choose, cells, isNumber) {
  const element = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "choice";
  button.onclick = choose;
  head.append(button);
  const others = Array.from({ length: cells }, (_, cell) => {
    const data = document.createElement("td");
    data.classList.toggle("number", isNumber(cell));
    return data;
  });
  element.append(head, ...others);
  /**
   * @param {string} name
   * @param {(string | number)[]} values
   * @param {boolean} isChosen
   */
  const fill = (name, values, isChosen) => {
    write(button, name);
    button.ariaPressed = String(isChosen);
    for (const [cell, value] of values.entries()) write(others[cell], String(value));
  };
  return { element, fill };
}

/**
 * Changes nothing where nothing has changed: a thousand cells are looked at each time.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {number} count of rows that are not shown */
export function restWords(count) {
  return count === 0 ? "" : `${count} more: a filter finds them`;
}
