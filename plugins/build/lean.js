/** Leaves out of a page's bundle what PatternFly brings along and the pages never show. */
import { readFile } from "node:fs/promises";

/**
 * Titles of alerts and dialogs get a tooltip where they are cut off, and what places it is a tenth of
 * PatternFly's weight. No title is cut off here: they break into lines.
 */
const stand = "export const Tooltip = ({ children }) => children;";

/** Each icon comes twice, the second time for a theme that Cockpit does not have. */
const second = /^ {2}rhUiIcon: .*$/m;

/** What contracts say of themselves is for manuals and the command line; the pages show none of it. */
const inContracts =
  /\/agent\/.*\/(contract|members|answers|names|record|rules|quorum|algorithms)\.ts$/;
const string = String.raw`"(?:[^"\\]|\\.)*"`;
/** Without strings, whose commas and brackets would be taken for the code's. */
const schema = String.raw`(?:[^"()]|\((?:[^"()]|\([^"()]*\))*\))*`;
const named = String.raw`\b(text|texts|count|document)\((\s*"\w+",${schema}),\s*${string},?\s*\)`;
/** @type {readonly (readonly [RegExp, string])[]} */
const descriptions = [
  [new RegExp(String.raw`\bdescription:\s*${string}`, "g"), 'description: ""'],
  [new RegExp(String.raw`\bv\.description\(\s*${string},?\s*\)`, "g"), 'v.description("")'],
  [new RegExp(String.raw`\bdescribed\((${schema}),\s*${string},?\s*\)`, "g"), 'described($1, "")'],
  [new RegExp(named, "g"), '$1($2, "")'],
];

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
    build.onLoad({ filter: inContracts }, async ({ path }) => ({
      contents: descriptions.reduce(
        (text, [found, short]) => text.replace(found, short),
        await readFile(path, "utf8"),
      ),
      loader: "ts",
    }));
  },
};
