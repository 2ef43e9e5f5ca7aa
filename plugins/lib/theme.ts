/** Follows the style that the person chose in Cockpit: auto, light or dark. */

const darkClass = "pf-v6-theme-dark";
const systemDark = window.matchMedia("(prefers-color-scheme: dark)");

function apply(style: string): void {
  const dark = style === "dark" || (style === "auto" && systemDark.matches);
  document.documentElement.classList.toggle(darkClass, dark);
}

function stored(): string {
  return localStorage.getItem("shell:style") ?? "auto";
}

export function followTheme(): void {
  apply(stored());
  systemDark.addEventListener("change", () => apply(stored()));
  window.addEventListener("storage", (event) => {
    if (event.key === "shell:style") apply(stored());
  });
  // The shell tells pages in the same tab by this event, since `storage` reaches only other tabs.
  window.addEventListener("cockpit-style", (event) => {
    const detail = event instanceof CustomEvent ? event.detail : undefined;
    apply(typeof detail?.style === "string" ? detail.style : stored());
  });
}
