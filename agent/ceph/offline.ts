/** `dsecos ceph prove` and `sign-map` on any machine. Imports nothing from node:. */
import * as v from "valibot";
import { document, type Interface } from "../bus/contract.ts";

const file = (description: string) => v.optional(v.pipe(v.string(), v.description(description)));

export const cephOffline = {
  name: "org.dsecos.CephOffline1",
  subsystem: "ceph",
  description: "Storage on Ceph, and the proof that data stays where it must.",
  path: "",
  actions: {},
  methods: {
    Prove: {
      description:
        "Prove from files alone that data of pools stays in its jurisdictions: every OSD that a rule could ever choose, every OSD that has or may have a copy now, and what the cluster sends elsewhere. What was not given, or is not understood, is not proven. What Ceph printed, and what OSDs hold, is named by the SHA-256 of its text without white space around it, as the agent names it. Ends with 8 unless all is proven, and names the reasons.",
      in: [
        document(
          "options",
          v.strictObject({
            osdmap: v.pipe(v.string(), v.description("What ceph osd dump -f json prints.")),
            crush: v.pipe(v.string(), v.description("What ceph osd crush dump -f json prints.")),
            pgs: file("What ceph pg dump pgs_brief -f json prints."),
            holdings: file(
              "What OSDs hold, strays included: a list of {osd, pgs}, with the names that ceph tell osd.N dump_pgstate_history prints.",
            ),
            counts: file(
              "What ceph pg dump osds -f json prints: OSDs that have no more groups than are listed need no holdings.",
            ),
            exits: file(
              "What leaves: {rbd: [{pool, mode, namespaces, peers}], cephfs: [{fileSystem, pools, peers}], rgw: {peers}, clients: [{entity, address, osd, mds}]}.",
            ),
            map: v.pipe(
              v.string(),
              v.description("Map of jurisdictions: buckets, peers, and where pools may be."),
            ),
            key: file("Public key, PEM, by which the map must be signed; not verified without."),
            allow: v.optional(
              v.pipe(
                v.array(
                  v.pipe(
                    v.string(),
                    v.regex(/^[^=]+=[A-Z]{2}(,[A-Z]{2})*$/, "Write POOL=UK, or POOL=UK,EU."),
                  ),
                ),
                v.description("Pool and where its data may be, as POOL=UK,EU; beside the map's."),
              ),
              [],
            ),
          }),
          "What is proved, from which files.",
        ),
      ],
      out: document("verdict", v.unknown(), "What was proved."),
      action: "",
    },
    SignMap: {
      description:
        "Sign a map of jurisdictions, or add a signature to one that is signed, and print it. With a key in an HSM, print what is to be signed by naming neither key nor signature, let the HSM sign exactly that, and name its public key and the signature.",
      in: [
        document(
          "options",
          v.strictObject({
            map: v.pipe(v.string(), v.description("The map, signed or not, in a file.")),
            key: file("Private key, PEM: Ed25519 or P-384."),
            publicKey: file("Public key, PEM, of the signature."),
            signature: v.optional(
              v.pipe(
                v.string(),
                v.maxLength(200),
                v.base64("A signature is written in base64."),
                v.description("Signature in base64, of P-384 as DER."),
              ),
            ),
          }),
          "What is signed, and by whom.",
        ),
      ],
      out: document("signed", v.unknown(), "The signed map."),
      action: "",
    },
  },
  signals: {},
} as const satisfies Interface;
