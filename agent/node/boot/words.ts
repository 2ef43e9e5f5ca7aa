/** What firmware measured, in words: types, registers, and what the data of an event tells. */
import type { MeasuredEvent } from "./log.ts";

/** PC Client Platform Firmware Profile 1.06, table 27. */
const types: Record<number, string> = {
  0: "EV_PREBOOT_CERT",
  1: "EV_POST_CODE",
  3: "EV_NO_ACTION",
  4: "EV_SEPARATOR",
  5: "EV_ACTION",
  6: "EV_EVENT_TAG",
  7: "EV_S_CRTM_CONTENTS",
  8: "EV_S_CRTM_VERSION",
  9: "EV_CPU_MICROCODE",
  10: "EV_PLATFORM_CONFIG_FLAGS",
  11: "EV_TABLE_OF_DEVICES",
  12: "EV_COMPACT_HASH",
  13: "EV_IPL",
  14: "EV_IPL_PARTITION_DATA",
  15: "EV_NONHOST_CODE",
  16: "EV_NONHOST_CONFIG",
  17: "EV_NONHOST_INFO",
  18: "EV_OMIT_BOOT_DEVICE_EVENTS",
  2147483649: "EV_EFI_VARIABLE_DRIVER_CONFIG",
  2147483650: "EV_EFI_VARIABLE_BOOT",
  2147483651: "EV_EFI_BOOT_SERVICES_APPLICATION",
  2147483652: "EV_EFI_BOOT_SERVICES_DRIVER",
  2147483653: "EV_EFI_RUNTIME_SERVICES_DRIVER",
  2147483654: "EV_EFI_GPT_EVENT",
  2147483655: "EV_EFI_ACTION",
  2147483656: "EV_EFI_PLATFORM_FIRMWARE_BLOB",
  2147483657: "EV_EFI_HANDOFF_TABLES",
  2147483658: "EV_EFI_PLATFORM_FIRMWARE_BLOB2",
  2147483659: "EV_EFI_HANDOFF_TABLES2",
  2147483660: "EV_EFI_VARIABLE_BOOT2",
  2147483664: "EV_EFI_HCRTM_EVENT",
  2147483872: "EV_EFI_VARIABLE_AUTHORITY",
  2147483873: "EV_EFI_SPDM_FIRMWARE_BLOB",
  2147483874: "EV_EFI_SPDM_FIRMWARE_CONFIG",
};

export function typeName(type: number): string {
  return types[type] ?? `0x${type.toString(16).padStart(8, "0")}`;
}

/** Section 3.3.4 of the profile; 8 and 9 as GRUB and the kernel use them, 14 as shim does. */
const registers: Record<number, string> = {
  0: "code of the firmware",
  1: "settings of the firmware",
  2: "code of cards",
  3: "settings of cards",
  4: "boot loader and what it started",
  5: "settings of the boot loader, partition table",
  6: "what the maker measures",
  7: "Secure Boot: state and keys",
  8: "commands of GRUB and the kernel’s command line",
  9: "files that GRUB read, kernel and initrd",
  14: "keys of shim",
};

export function registerName(pcr: number): string {
  return registers[pcr] ?? "";
}

const variables = new Set([0x80000001, 0x80000002, 0x8000000c, 0x800000e0]);
const images = new Set([0x80000003, 0x80000004, 0x80000005]);
const longest = 200;
/** Fewer letters in a row are chance. */
const fewest = 4;

/** @returns one line of what can be read of an event’s data; empty where nothing can */
export function describe({ type, data }: MeasuredEvent): string {
  if (variables.has(type)) return variableName(data);
  if (images.has(type)) return imagePath(data);
  return lineOf(readable(data));
}

/** UEFI_VARIABLE_DATA (10.2.6): GUID, lengths of name and value, name. */
function variableName(data: Buffer): string {
  const begin = 16 + 8 + 8;
  if (data.length < begin) return "";
  const letters = data.readBigUInt64LE(16);
  if (2n * letters > BigInt(data.length - begin)) return "";
  return lineOf(data.toString("utf16le", begin, begin + 2 * Number(letters)));
}

/** UEFI_IMAGE_LOAD_EVENT (10.2.3): address, length, link address, length of the path, device path. */
function imagePath(data: Buffer): string {
  const names: string[] = [];
  // Nodes of a device path (UEFI 2.10, 10.2): type, subtype, length with this head, data.
  for (let at = 32; at + 4 <= data.length; ) {
    const [type, subtype, length] = [data[at], data[at + 1], data.readUInt16LE(at + 2)];
    if (length < 4 || at + length > data.length) break;
    if (type === 4 && subtype === 4) names.push(data.toString("utf16le", at + 4, at + length));
    at += length;
  }
  return lineOf(names.join(""));
}

/** Letters of the data, be they one byte each or two. */
function readable(data: Buffer): string {
  const isWide =
    data.length >= 2 * fewest &&
    data.subarray(0, 2 * fewest).every((byte, at) => (at % 2 === 0 ? byte !== 0 : byte === 0));
  const text = isWide ? data.toString("utf16le", 0, data.length & ~1) : data.toString("latin1");
  const [run = ""] =
    text
      .slice(0, 4 * longest)
      .match(/[ -~]+/g)
      ?.filter(({ length }) => length >= fewest) ?? [];
  return run;
}

function lineOf(text: string): string {
  const plain = text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ")
    .trim();
  return [...plain].slice(0, longest / 2).join("");
}
