import { expect, test } from "vitest";
import { prune } from "../../plugins/build/css.js";

const script = 'const used = ["pf-used", "pf-m-on"]';

test("keeps what can apply, and takes out the rest", async () => {
  const css = [
    ":root{--a:1px;--b:2px;--c:var(--d);--d:4px}",
    ".pf-used{margin:var(--c)}",
    ".pf-other{margin:var(--b)}",
    ".pf-used.pf-m-off{margin:0}",
    ".pf-used.pf-m-hidden-on-lg{margin:0}",
  ].join("");
  const rest = await prune(css, script);
  expect(rest).toContain(".pf-used{margin:var(--c)}");
  expect(rest).toContain("--d:4px");
  for (const gone of ["--a", "--b", "pf-other", "pf-m-off", "hidden-on-lg"]) {
    expect(rest).not.toContain(gone);
  }
});

test("keeps states, themes and directions of what is used", async () => {
  const kept = [
    ".pf-used:is(:hover,:focus){color:red}",
    ".pf-used:is(.pf-m-never,[aria-disabled=true]){color:red}",
    ":where(.pf-v6-m-dir-rtl,[dir=rtl]) .pf-used{color:red}",
    ":where(.pf-v6-theme-dark) .pf-used{color:red}",
    ".pf-v6-theme-dark{color:red}",
    ":is(.pf-v6-m-dir-rtl,[dir=rtl]){--m:-1}.pf-used{scale:var(--m)}",
    ".pf-used:not(:has(> .x:not(.y))){color:red}",
  ];
  const rest = await prune(kept.join(""), script);
  for (const rule of kept) expect(rest).toContain(rule);
});
