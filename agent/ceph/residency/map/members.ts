/** Members of the contract about the signed map. Imports nothing from node:. */
import * as v from "valibot";
import { content, count, document, type Method, text } from "../../../bus/contract.ts";
import { reasonSchema } from "../../../hsm/keys/answers.ts";
import { heldMapSchema, mapHashSchema } from "./answers.ts";

/** Some 5,000 buckets and pools; a larger one is put in its place by hand. */
export const mostSentBytes = 1024 * 1024;

const serialSchema = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(0xffffffff),
  v.description("Serial number that the map has, greater than that of the map that holds"),
);

export const mapMembers = {
  ResidencyMap: {
    description:
      "The signed map of jurisdictions that holds on this node: where buckets, peers and networks are, and where pools may be.",
    in: [],
    out: document("map", heldMapSchema, "The map, and whether it is believed."),
    action: "read",
  },
  SetResidencyMap: {
    description:
      "Let another map of jurisdictions hold on this node, signed by a key that is trusted here and with a greater serial number than the one before. Serial number and hash are what a second person approves, which it always needs.",
    in: [
      count("mapSerial", serialSchema, "Serial number of the map."),
      text("mapHash", mapHashSchema, "SHA-256 of the file."),
      content("map", mostSentBytes, "The signed map.", "mapHash"),
      text("reason", reasonSchema, "Why, for the record."),
    ],
    out: document("held", heldMapSchema, "The map that holds now."),
    action: "jurisdictions",
    changes: true,
    object: "mapHash",
    approvals: 1,
    maxBytes: 2 * mostSentBytes,
  },
} as const satisfies Record<string, Method>;
