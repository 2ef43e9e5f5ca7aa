/**
 * Introspection XML of the interfaces at one path. The dispatcher answers Introspect with it, so it
 * needs nothing but the contracts.
 */
import { type Argument, actionId, type Interface, type Method } from "../contract.ts";
import { escapeXml } from "./xml.ts";

const doctype = `<!DOCTYPE node PUBLIC "-//freedesktop//DTD D-BUS Object Introspection 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd">`;

/** What every object answers besides its own interfaces. */
const standard = `  <interface name="org.freedesktop.DBus.Introspectable">
    <method name="Introspect">
      <arg name="xml_data" type="s" direction="out"/>
    </method>
  </interface>
  <interface name="org.freedesktop.DBus.Peer">
    <method name="Ping"/>
    <method name="GetMachineId">
      <arg name="machine_uuid" type="s" direction="out"/>
    </method>
  </interface>`;

/**
 * @param interfaces those of the object
 * @param childNames last parts of the paths below it
 */
export function introspectionXml(
  interfaces: readonly Interface[],
  childNames: readonly string[] = [],
): string {
  return [
    doctype,
    "<node>",
    ...interfaces.map(interfaceXml),
    standard,
    ...childNames.map((name) => `  <node name="${escapeXml(name)}"/>`),
    "</node>",
    "",
  ].join("\n");
}

function interfaceXml(definition: Interface): string {
  return [
    `  <interface name="${definition.name}">`,
    doc(definition.description, "    "),
    ...Object.entries(definition.methods).map(([name, method]) =>
      methodXml(definition, name, method),
    ),
    ...Object.entries(definition.signals).map(
      ([name, argument]) => `    <signal name="${name}">\n${argXml(argument)}\n    </signal>`,
    ),
    "  </interface>",
  ].join("\n");
}

function methodXml(definition: Interface, name: string, method: Method): string {
  const indent = "      ";
  const lines = [
    `    <method name="${name}">`,
    doc(method.description, indent),
    annotation("org.dsecos.Action", actionId(definition, method.action), indent),
  ];
  if (method.changes) lines.push(annotation("org.dsecos.Changes", "true", indent));
  if (method.approvals) {
    lines.push(annotation("org.dsecos.Approvals", String(method.approvals), indent));
  }
  lines.push(...method.in.map((argument) => argXml(argument, "in")), argXml(method.out, "out"));
  return [...lines, "    </method>"].join("\n");
}

/** @param direction left out for signals, which know only one */
function argXml(argument: Argument, direction?: "in" | "out"): string {
  const way = direction === undefined ? "" : ` direction="${direction}"`;
  const lines = [
    `      <arg name="${argument.name}" type="${argument.signature}"${way}>`,
    doc(argument.description, "        "),
  ];
  if (argument.json) lines.push(annotation("org.dsecos.Encoding", "json", "        "));
  return [...lines, "      </arg>"].join("\n");
}

function doc(text: string, indent: string): string {
  return annotation("org.gtk.GDBus.DocString", text, indent);
}

function annotation(name: string, value: string, indent: string): string {
  return `${indent}<annotation name="${name}" value="${escapeXml(value)}"/>`;
}
