/** Takes out of a page's style sheet what cannot apply to it. */
import { PurgeCSS } from "purgecss";

/**
 * PatternFly's classes for one width of the window only (`pf-m-hidden-on-lg`) come to a third of
 * its style sheets. The pages use none of them; the browser tests fail on any rule that was taken
 * out here and would apply to an element.
 */
const neverUsed = [/-on-(sm|md|lg|xl|2xl)$/];

/** Set from outside a bundle: by the theme switch and by Cockpit. */
const setAtRunTime = ["pf-v6-theme-dark", "pf-v6-m-tabular-nums"];

/**
 * @param {string} css the whole style sheet
 * @param {string} script the page's bundle; a class counts as used when its name occurs in it
 * @returns {Promise<string>}
 */
export async function prune(css, script) {
  const hidden = hideFunctions(css);
  let rest = hidden.css;
  // A variable that only a removed variable used goes in the next round.
  for (let before = Number.POSITIVE_INFINITY; rest.length < before; ) {
    before = rest.length;
    const [result] = await new PurgeCSS().purge({
      content: [{ raw: script, extension: "js" }],
      css: [{ raw: rest }],
      defaultExtractor: (text) => text.match(/[A-Za-z0-9_-]+/g) ?? [],
      variables: true,
      keyframes: true,
      safelist: [...setAtRunTime, "html", "body", /^ds-function-/],
      blocklist: neverUsed,
    });
    rest = result?.css ?? rest;
  }
  return hidden.show(rest);
}

/**
 * PurgeCSS takes `:is(:hover,:focus)` for a selector without a match and drops its rule. So that
 * such a selector is judged by its other parts alone, `:is()`, `:where()`, `:not()` and `:has()`
 * are classes that count as used while it looks.
 *
 * @param {string} css
 */
function hideFunctions(css) {
  /** @type {string[]} */
  const found = [];
  const replaced = css.replace(
    /:(is|where|not|has)\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/g,
    (text) => `.ds-function-${found.push(text) - 1}`,
  );
  return {
    css: replaced,
    /** @param {string} text */
    show: (text) => text.replace(/\.ds-function-(\d+)/g, (whole, at) => found[Number(at)] ?? whole),
  };
}
