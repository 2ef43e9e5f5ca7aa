/** What booleans are for, as the packages of the policy's sources say it. */

/** Where Debian's selinux-policy-dev puts it; nothing on a node depends on that package. */
export const descriptionFile = "/usr/share/selinux/devel/policy.xml";

const longest = 500;
const characters: Readonly<Record<string, string>> = {
  ...{ "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"', "&apos;": "'" },
};

/**
 * The reference policy's policy.xml: `<bool>` and `<tunable>` with a `<desc>` of paragraphs.
 *
 * @returns by name, one line each
 */
export function parseDescriptions(xml: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = "", body = ""] of xml.matchAll(
    /<(?:bool|tunable) name="(\w{1,100})"[^>]{0,200}>\s*<desc>([\s\S]{0,5000}?)<\/desc>/g,
  )) {
    const text = body
      .replaceAll(/<[^>]*>/g, " ")
      .replaceAll(/&(?:lt|gt|amp|quot|apos);/g, (entity) => characters[entity] ?? entity)
      .replaceAll(/\s+/g, " ")
      .trim();
    found.set(name, text.slice(0, longest));
  }
  return found;
}
