/**
 * The signatures that AWS publishes: its Signature Version 4 test suite (header values as a server
 * joins them), and the examples of the S3 reference, “Signature Calculations for the Authorization
 * Header: Transferring Payload in a Single Chunk”.
 */
import { hash } from "node:crypto";
import { expect, test } from "vitest";
import {
  amzDate,
  authorize,
  canonicalRequest,
  encode,
  type Unsigned,
} from "../../agent/audit/offload/sigv4.ts";

type Query = [string, string][];
type Vector = [
  name: string,
  signature: string,
  request: { method?: string; path?: string; query?: Query; headers?: object; body?: string },
];

const unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const token =
  "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
const form = "application/x-www-form-urlencoded";
const vanilla = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
const post = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b";

const suite: Vector[] = [
  ["get-vanilla", vanilla, {}],
  [
    "get-header-key-duplicate",
    "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
    { headers: { "my-header1": "value2,value2,value1" } },
  ],
  [
    "get-header-value-multiline",
    "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790",
    { headers: { "my-header1": "value1,value2,value3" } },
  ],
  [
    "get-header-value-order",
    "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
    { headers: { "my-header1": "value4,value1,value3,value2" } },
  ],
  [
    "get-header-value-trim",
    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
    { headers: { "my-header1": " value1", "my-header2": ' "a   b   c"' } },
  ],
  [
    "get-unreserved",
    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
    { path: `/${unreserved}` },
  ],
  [
    "get-utf8",
    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
    { path: `/${encode("ሴ")}` },
  ],
  [
    "get-vanilla-empty-query-key",
    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
    { query: [["Param1", "value1"]] },
  ],
  [
    "get-vanilla-query-order-key-case",
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
    {
      query: [
        ["Param2", "value2"],
        ["Param1", "value1"],
      ],
    },
  ],
  [
    "get-vanilla-query-unreserved",
    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
    { query: [[unreserved, unreserved]] },
  ],
  [
    "get-vanilla-utf8-query",
    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
    { query: [["ሴ", "bar"]] },
  ],
  ["post-vanilla", post, { method: "POST" }],
  [
    "post-header-key-sort",
    "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
    { method: "POST", headers: { "my-header1": "value1" } },
  ],
  [
    "post-header-value-case",
    "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
    { method: "POST", headers: { "my-header1": "VALUE1" } },
  ],
  [
    "post-sts-header-before",
    "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
    { method: "POST", headers: { "x-amz-security-token": token } },
  ],
  [
    "post-vanilla-query",
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
    { method: "POST", query: [["Param1", "value1"]] },
  ],
  [
    "post-vanilla-query-nonunreserved",
    "66c82657c86e26fb25238d0e69f011edc4c6df5ae71119d7cb98ed9b87393c1e",
    {
      method: "POST",
      query: [
        ["@#$%^", ""],
        ["+", '/,?><`";:\\|][{}'],
      ],
    },
  ],
  [
    "post-vanilla-query-space",
    "e71688addb58a26418614085fb730ba3faa623b461c17f48f2fbdb9361b94a9b",
    { method: "POST", query: [["p", ""]] },
  ],
  [
    "post-x-www-form-urlencoded",
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
    { method: "POST", headers: { "content-type": form }, body: "Param1=value1" },
  ],
  [
    "post-x-www-form-urlencoded-parameters",
    "1a72ec8f64bd914b0e42e42607c7fbce7fb2c7465f63e3092b3b0d39fa77a6fe",
    { method: "POST", headers: { "content-type": `${form}; charset=utf8` }, body: "Param1=value1" },
  ],
];

test.each(suite)("AWS's test suite: %s", (_name, signature, request) => {
  const { method = "GET", path = "/", query = [], headers = {}, body = "" } = request;
  const time = { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z" };
  const authorization = authorize(
    { method, path, query, headers: { ...time, ...headers }, payload: hash("sha256", body, "hex") },
    { region: "us-east-1", service: "service" },
    { accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  );
  expect(authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20150830\/us-east-1\/service\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=/,
  );
  expect(authorization.split("Signature=")[1]).toBe(signature);
});

const examples: Vector[] = [
  [
    "GET Object",
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    { path: "/test.txt", headers: { range: "bytes=0-9" } },
  ],
  [
    "PUT Object",
    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    {
      method: "PUT",
      path: `/${encode("test$file.text")}`,
      headers: {
        date: "Fri, 24 May 2013 00:00:00 GMT",
        "x-amz-storage-class": "REDUCED_REDUNDANCY",
      },
      body: "Welcome to Amazon S3.",
    },
  ],
  [
    "GET Bucket Lifecycle",
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    { query: [["lifecycle", ""]] },
  ],
  [
    "GET Bucket (List Objects)",
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    {
      query: [
        ["prefix", "J"],
        ["max-keys", "2"],
      ],
    },
  ],
];

test.each(examples)("the S3 reference: %s", (_name, signature, request) => {
  const { method = "GET", path = "/", query = [], headers = {}, body = "" } = request;
  const payload = hash("sha256", body, "hex");
  const own = {
    host: "examplebucket.s3.amazonaws.com",
    "x-amz-content-sha256": payload,
    "x-amz-date": amzDate(new Date("2013-05-24T00:00:00Z")),
  };
  const authorization = authorize(
    { method, path, query, headers: { ...own, ...headers }, payload },
    { region: "us-east-1", service: "s3" },
    { accessKey: "AKIAIOSFODNN7EXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY" },
  );
  expect(authorization.split("Signature=")[1]).toBe(signature);
});

test("the canonical request is the one of the S3 reference", () => {
  const payload = hash("sha256", "", "hex");
  const request: Unsigned = {
    method: "GET",
    path: "/",
    query: [
      ["prefix", "J"],
      ["max-keys", "2"],
    ],
    headers: {
      "x-amz-date": "20130524T000000Z",
      "x-amz-content-sha256": payload,
      host: "examplebucket.s3.amazonaws.com",
    },
    payload,
  };
  expect(hash("sha256", canonicalRequest(request), "hex")).toBe(
    "df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7",
  );
});
