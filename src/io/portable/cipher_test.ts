import { cipherContract } from "../../../tests/harness/cipher_contract.ts";
import { portableCiphers } from "./cipher.ts";

cipherContract("portable", { open: () => ({ factory: portableCiphers }), permissions: "none" });
