/** The part of gettext-parser that the build uses. */
declare module "gettext-parser" {
  interface Translation {
    msgid: string;
    msgstr: string[];
  }
  export const po: {
    parse(text: Buffer): {
      headers: Record<string, string>;
      translations: Record<string, Record<string, Translation>>;
    };
  };
}
