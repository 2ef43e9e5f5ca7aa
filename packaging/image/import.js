// @ts-check
import { buildImage } from "./build.js";
import { ALIAS } from "./recipe.js";

/**
 * Makes sure that an Incus daemon's default project has the image under its alias, built from the
 * present recipe. A person's own image under that alias is left alone.
 *
 * @param {import("../setup/lib/incus-api.js").IncusApi} api
 * @returns {Promise<string>} what was done; empty when it was there
 */
export async function ensureImage(api) {
  const alias = await api.find(`/1.0/images/aliases/${ALIAS}`);
  const present = alias && (await api.request("GET", `/1.0/images/${alias.target}`));
  if (present && present.properties["dsecos.recipe"] === undefined)
    return `the alias ${ALIAS} belongs to an image of somebody else, which is used as it is`;
  const { file, recipe, built } = await buildImage();
  if (present?.properties["dsecos.recipe"] === recipe) return "";
  if (present) await api.request("DELETE", `/1.0/images/${alias.target}`);
  const { fingerprint } = await api.request("POST", "/1.0/images", {
    file,
    headers: { "Content-Type": "application/octet-stream", "X-Incus-filename": "debian-13.tar" },
    seconds: 120,
  });
  await api.request("POST", "/1.0/images/aliases", { body: { name: ALIAS, target: fingerprint } });
  return `${built ? "built" : "took from the cache"} and imported ${ALIAS}`;
}
