// @ts-check

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function find(id, type) {
  return ensure(document.getElementById(id), type, `#${id}`);
}

/**
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function part(root, selector, type) {
  return ensure(root.querySelector(selector), type, selector);
}

/**
 * A copy of a template's only element.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function clone(id) {
  const content = find(id, HTMLTemplateElement).content.cloneNode(true);
  return ensure(/** @type {DocumentFragment} */ (content).firstElementChild, HTMLElement, `#${id} > *`);
}

/**
 * @template {Element} T
 * @param {Element | null} element
 * @param {new () => T} type
 * @param {string} selector
 * @returns {T}
 */
function ensure(element, type, selector) {
  if (element instanceof type) return element;
  throw new TypeError(`the page has no ${type.name} ${selector}`);
}

/**
 * Shows a toggle button's state: `aria-pressed` to those who hear it, the class `is-off` to those who see it.
 * @param {HTMLButtonElement} button
 * @param {{ pressed: boolean, off: boolean }} state
 */
export function setToggle(button, { pressed, off }) {
  button.ariaPressed = String(pressed);
  button.classList.toggle("is-off", off);
}
