/**
 * The terminal writes its rules into style elements and its colours into style attributes, and the
 * content security policy blocks both. Here its rules become style sheets made by script, and its
 * attributes go the way of `element.style`; the policy allows these, since markup that somebody
 * smuggled in could do neither.
 */
export function allowOwnStyles(): void {
  const create = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) =>
    name === "style" ? ruleHolder(create("span")) : create(name, options)) as typeof create;
  const set = HTMLElement.prototype.setAttribute;
  HTMLElement.prototype.setAttribute = function (this: HTMLElement, name: string, value: string) {
    if (name === "style") this.style.cssText = value;
    else set.call(this, name, value);
  };
}

/** Takes the place of a style element: text that is put into it is in force while it exists. */
function ruleHolder(holder: HTMLElement): HTMLElement {
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets.push(sheet);
  holder.hidden = true;
  Object.defineProperty(holder, "textContent", { set: (css: string) => sheet.replaceSync(css) });
  holder.remove = () => {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((one) => one !== sheet);
    HTMLElement.prototype.remove.call(holder);
  };
  return holder;
}
