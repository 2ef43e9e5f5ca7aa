import * as v from "valibot";
import { defineInterface, document, text } from "../bus/contract.ts";
import { identifierSchema } from "../bus/fields.ts";

export const aliasSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, "An image alias has a-z, 0-9, dot and hyphen."),
);

export const fileNameSchema = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
    "Name a file in /var/lib/dsecos/images, without a path: letters, digits, dot, hyphen.",
  ),
);

export const fingerprintSchema = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{12,64}$/, "A fingerprint has 12 to 64 characters of 0-9 and a-f."),
);

export const imageSchema = v.object({
  fingerprint: v.string(),
  aliases: v.array(v.string()),
  description: v.string(),
  type: v.picklist(["container", "virtual-machine"]),
  architecture: v.string(),
  sizeKib: v.number(),
  uploadedAt: v.string(),
});

export type Image = v.InferOutput<typeof imageSchema>;

export const images = defineInterface({
  name: "org.dsecos.Images1",
  subsystem: "images",
  description: "Images that instances are made from, shared by all tenants, never from a network.",
  path: "/org/dsecos/images",
  actions: {
    read: { description: "See the images", roles: ["viewer", "operator", "officer", "auditor"] },
    manage: { description: "Import and delete images", roles: ["operator"] },
  },
  methods: {
    List: {
      description: "All images, and the files that wait to be imported.",
      in: [],
      out: document(
        "images",
        v.object({
          images: v.array(imageSchema),
          files: v.array(v.object({ name: v.string(), sizeKib: v.number() })),
        }),
        "Images and files.",
      ),
      action: "read",
    },
    Import: {
      description: "Import a unified image tarball that lies in /var/lib/dsecos/images.",
      in: [
        text("file", fileNameSchema, "Name of the file."),
        text("alias", aliasSchema, "Alias of the image, for example debian-13."),
      ],
      out: text("job", identifierSchema, "Id of the job."),
      action: "manage",
      changes: true,
      job: true,
      object: "file",
    },
    Delete: {
      description: "Delete an image; instances made from it stay.",
      in: [text("fingerprint", fingerprintSchema, "Fingerprint of the image.")],
      out: text("fingerprint", fingerprintSchema, "Fingerprint of what was deleted."),
      action: "manage",
      changes: true,
      object: "fingerprint",
    },
  },
  signals: { Changed: text("fingerprint", v.string(), "Fingerprint, or empty when unknown.") },
});
