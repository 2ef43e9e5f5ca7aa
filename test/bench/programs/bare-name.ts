/** The reference for starting and for memory: dbus-next with a name on the bus, and nothing else. */
import dbus from "dbus-next";

await dbus.systemBus().requestName("org.dsecos.Agent", 0);
