/** Version of the whole product; `npm version` and the packages take it from package.json. */
import manifest from "../package.json" with { type: "json" };

export const version: string = manifest.version;
