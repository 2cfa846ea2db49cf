// Finding and making the page's elements. index.html and the modules agree on ids; a missing one
// fails at once, by name.

/** The element with this id, which must be there and of this kind. */
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
 * A new element with these properties. Text goes in as text: the page's policy forbids markup from
 * strings.
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
 * Runs `work` when the button is pressed. Pressed again while it runs, the button does nothing; it
 * keeps the focus throughout, which the `disabled` attribute would take away.
 */
export function onPress(target: HTMLButtonElement, work: () => Promise<void>): void {
  target.addEventListener("click", () => {
    if (target.getAttribute("aria-disabled") === "true") return;
    target.setAttribute("aria-disabled", "true");
    void work().finally(() => target.removeAttribute("aria-disabled"));
  });
}
