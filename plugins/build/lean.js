/** Leaves out of a page's bundle what PatternFly brings along and the pages never show. */

/**
 * Titles of alerts and dialogs get a tooltip where they are cut off, and what places it is a tenth of
 * PatternFly's weight. No title is cut off here: they break into lines.
 */
const stand = "export const Tooltip = ({ children }) => children;";

/** @type {import("esbuild").Plugin} */
export const lean = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: /^\.\.\/Tooltip$/ }, ({ importer }) =>
      importer.includes("/@patternfly/react-core/") ? { path: "Tooltip", namespace: "lean" } : null,
    );
    build.onLoad({ filter: /.*/, namespace: "lean" }, () => ({ contents: stand, loader: "js" }));
  },
};
