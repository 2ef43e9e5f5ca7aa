// @ts-check
/**
 * Prints debian/copyright: ours, and that of each npm package which may be in the bundles. Fails
 * on a package whose licence is not known here, so that a new one is looked at by a person.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {{ license?: string, version: string, dev?: boolean, devOptional?: boolean,
 *   optional?: boolean }} Locked an entry of package-lock.json
 */

/** Names as Debian writes them. @type {Record<string, string>} */
const NAMES = { MIT: "Expat", "MIT/X11": "Expat" };
/**
 * Packages that say it only in their licence file, or offer a choice.
 *
 * @type {Record<string, string>}
 */
const STATED = { jsbi: "Apache-2.0", "map-stream": "MIT", "pause-stream": "MIT" };

/** @type {Record<string, string | (() => string)>} */
const TEXTS = {
  Expat: `Permission is hereby granted, free of charge, to any person obtaining a copy of this
software and associated documentation files (the "Software"), to deal in the Software without
restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`,
  "0BSD": `Permission to use, copy, modify, and/or distribute this software for any purpose with or
without fee is hereby granted.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS
SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE
AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT,
NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`,
  "BSD-3-Clause": `Redistribution and use in source and binary forms, with or without modification, are
permitted provided that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this list of conditions and
the following disclaimer.

* Redistributions in binary form must reproduce the above copyright notice, this list of conditions
and the following disclaimer in the documentation and/or other materials provided with the
distribution.

* Neither the name of the copyright holder nor the names of its contributors may be used to endorse
or promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR
IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND
FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR
CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL
DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN
CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE
USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`,
  // Of the headers that come with pkcs11js.
  "RSA-PKCS11": `License to copy and use this software is granted provided that it is identified as "RSA
Security Inc. PKCS #11 Cryptographic Token Interface (Cryptoki)" in all material mentioning or
referencing this software.

License is also granted to make and use derivative works provided that such works are identified as
"derived from the RSA Security Inc. PKCS #11 Cryptographic Token Interface (Cryptoki)" in all material
mentioning or referencing the derived work.

RSA Security Inc. makes no representations concerning either the merchantability of this software or
the suitability of this software for any particular purpose. It is provided "as is" without express
or implied warranty of any kind.`,
  "Apache-2.0": "The full text is in /usr/share/common-licenses/Apache-2.0 on Debian systems.",
  "BlueOak-1.0.0": () => licenceFile("node_modules/sax"),
};

/** @returns {[string, Locked][]} path and lock file entry of each package that may be in the bundles */
function bundled() {
  /** @type {{ packages: Record<string, Locked> }} */
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  return Object.entries(packages)
    .filter(([path, { dev, devOptional, optional }]) => path && !(dev || devOptional || optional))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** @param {string} path */
function licenceFile(path) {
  const name = readdirSync(path).find((file) => /^licen[cs]e(\.(md|txt|MIT))?$/i.test(file));
  return name === undefined ? "" : readFileSync(join(path, name), "utf8").trim();
}

/** @param {[string, Locked]} entry */
function describe([path, locked]) {
  const about = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const stated = STATED[about.name] ?? locked.license ?? "nothing";
  const license = NAMES[stated] ?? stated;
  if (!(license in TEXTS)) throw new Error(`${path}: look at its licence ${stated}`);
  const author = typeof about.author === "string" ? about.author : about.author?.name;
  const lines = licenceFile(path).split("\n");
  const holders = lines
    .map((line) =>
      /^[\s/*]*Copyright (?:\([cC]\) |© )*([A-Z0-9].*[a-z].*)$/.exec(line)?.[1]?.trim(),
    )
    .filter((holder) => holder !== undefined && !/^(Notice|License)/.test(holder));
  const copyright =
    holders.length > 0 ? [...new Set(holders)] : [author ?? `the authors of ${about.name}`];
  return { path, version: locked.version, license, copyright };
}

/** @param {Record<string, string>} fields */
function paragraph(fields) {
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
  return `${lines.join("\n")}\n`;
}

/**
 * Folds a text into a field: each line indented, an empty one a dot.
 *
 * @param {string} text
 */
function folded(text) {
  return text
    .split("\n")
    .map((line) => ` ${line.trim() || "."}`)
    .join("\n");
}

function copyrightFile() {
  if (!existsSync("node_modules")) throw new Error("node_modules is missing: npm ci brings it");
  const parts = bundled().map(describe);
  const used = [
    ...new Set(["Apache-2.0", "RSA-PKCS11", ...parts.map(({ license }) => license)]),
  ].sort();
  return [
    paragraph({
      Format: "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/",
      "Upstream-Name": "dsecos",
      Comment:
        "The agent, the command line and the pages are bundles: npm packages are compiled into\n them. All that may be in there are listed.",
    }),
    paragraph({ Files: "*", Copyright: "2026 the DsecOS authors", License: "Apache-2.0" }),
    paragraph({
      Files: "packaging/cockpit/org.dsecos.cockpit.metainfo.xml",
      Copyright: "2026 the DsecOS authors",
      License: "CC0-1.0",
    }),
    ...parts.map(({ path, version, license, copyright }) =>
      paragraph({
        Files: `${path}/*`,
        Copyright: copyright.join("\n  "),
        License: license,
        Comment: `version ${version}`,
      }),
    ),
    paragraph({
      Files: "node_modules/pkcs11js/includes/pkcs11/*",
      Copyright: "RSA Security Inc.\n  2016 OASIS Open",
      License: "RSA-PKCS11",
    }),
    ...used.map((name) => {
      const text = TEXTS[name] ?? "";
      return `License: ${name}\n${folded(typeof text === "function" ? text() : text)}\n`;
    }),
    `License: CC0-1.0\n${folded("The full text is in /usr/share/common-licenses/CC0-1.0 on Debian systems.")}\n`,
  ].join("\n");
}

process.stdout.write(copyrightFile());
