// @ts-check
import { find } from "../ui/dom.js";

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text
 * @property {string} confirm what the button says
 * @property {{ label: string, value: string, type: "text" | "number", max?: number }} [field] what else is asked
 */

/**
 * Asks before something is done.
 * @param {Question} question
 * @returns {Promise<string | undefined>} what the field has, undefined where it is not to be done
 */
export function ask({ title, text, confirm, field }) {
  const dialog = find("ask", HTMLDialogElement);
  const input = find("ask-input", HTMLInputElement);
  find("ask-title", HTMLElement).textContent = title;
  find("ask-text", HTMLElement).textContent = text;
  find("ask-confirm", HTMLElement).textContent = confirm;
  find("ask-field", HTMLElement).hidden = field === undefined;
  find("ask-label", HTMLElement).textContent = field?.label ?? "";
  input.type = field?.type ?? "text";
  input.required = field !== undefined;
  input.min = "1";
  input.max = String(field?.max ?? "");
  input.value = field?.value ?? "";
  dialog.returnValue = "";
  find("ask-cancel", HTMLButtonElement).onclick = () => dialog.close();
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => resolve(dialog.returnValue === "yes" ? input.value : undefined);
  });
}
