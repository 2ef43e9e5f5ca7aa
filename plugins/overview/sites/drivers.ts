/** Where keys are; a file of its own, since the contract of keys is large. */
import { hsm } from "../../../agent/hsm/contract.ts";
import { client } from "../../lib/client.ts";

export const askDrivers = () => client(hsm).GetDrivers();
