/** The reference: the same member, served by dbus-next as it comes, with nothing around it. */
import dbus from "dbus-next";

class Guarded extends dbus.interface.Interface {
  Touch(value: string): string {
    return value;
  }
}
Guarded.configureMembers({ methods: { Touch: { inSignature: "s", outSignature: "s" } } });

const bus = dbus.systemBus();
await bus.requestName("org.dsecos.Agent", 0);
bus.export("/org/dsecos/guarded", new Guarded("org.dsecos.Guarded1"));
process.stdout.write("ready\n");
