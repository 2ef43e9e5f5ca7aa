/** Leaves out of a page's bundle what PatternFly brings along and the pages never show. */
import { readFile } from "node:fs/promises";

/**
 * Titles of alerts and dialogs get a tooltip where they are cut off, and what places it is a tenth of
 * PatternFly's weight. No title is cut off here: they break into lines.
 */
const stand = "export const Tooltip = ({ children }) => children;";

/** Each icon comes twice, the second time for a theme that Cockpit does not have. */
const second = /^ {2}rhUiIcon: .*$/m;

/** @type {import("esbuild").Plugin} */
export const lean = {
  name: "lean",
  setup(build) {
    build.onResolve({ filter: /^\.\.\/Tooltip$/ }, ({ importer }) =>
      importer.includes("/@patternfly/react-core/") ? { path: "Tooltip", namespace: "lean" } : null,
    );
    build.onLoad({ filter: /.*/, namespace: "lean" }, () => ({ contents: stand, loader: "js" }));
    build.onLoad({ filter: /\/@patternfly\/react-icons\/.*-icon\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, "utf8")).replace(second, "  rhUiIcon: null,"),
      loader: "js",
    }));
  },
};
