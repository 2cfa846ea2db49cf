// Finds and makes the page's elements. index.html and the modules share ids. A missing element
// fails at once, with its id.

/** Returns the element with this id. It must exist and be of this kind. */
export function element<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind))
    throw new Error(`index.html lacks a ${kind.name} with the id "${id}"`);
  return found;
}

export function htmlElement(id: string): HTMLElement {
  return element(id, HTMLElement);
}

export function button(id: string): HTMLButtonElement {
  return element(id, HTMLButtonElement);
}

/**
 * Makes an element with these properties. Text stays text, because the page's policy forbids markup
 * from strings.
 */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Shows `text` in the element, or hides the element when there is none. */
export function showText(target: HTMLElement, text: string | null): void {
  target.hidden = text === null;
  if (target.textContent !== (text ?? "")) target.textContent = text ?? "";
}

/**
 * Runs `work` when the button is pressed. While `work` runs, the button does nothing and keeps the
 * focus, which the attribute `disabled` would take away.
 */
export function onPress(target: HTMLButtonElement, work: () => Promise<void>): void {
  target.addEventListener("click", () => {
    if (target.getAttribute("aria-disabled") === "true") return;
    target.setAttribute("aria-disabled", "true");
    void work().finally(() => target.removeAttribute("aria-disabled"));
  });
}
