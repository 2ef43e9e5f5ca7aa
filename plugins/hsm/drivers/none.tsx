/** No driver at all: how to set up the first one. */
import KeyIcon from "@patternfly/react-icons/dist/esm/icons/key-icon";
import { Command } from "../../lib/help.tsx";
import { _, format } from "../../lib/i18n.ts";
import { Nothing } from "../../lib/states.tsx";

const examples = "/usr/share/doc/dsecos-hsm/examples";

export function NoDriver({ directory }: { directory: string }) {
  return (
    <section className="ds-panel">
      <Nothing title={_("No driver is set up")} icon={KeyIcon}>
        <div className="ds-stack">
          <p>
            {format(
              _(
                "A driver is a file in $0 that names a PKCS#11 module, its region, and where its PIN comes from. Without one no key can be made or used here.",
              ),
              directory,
            )}
          </p>
          <p>{_("The package brings one for SoftHSM, which is software, for trials:")}</p>
          <Command text="apt install --reinstall -o Dpkg::Options::=--force-confmiss dsecos-hsm" />
          <p>
            {_(
              "For a Thales Luna, nCipher nShield or Utimaco, install the maker’s module, take the file of its name, and put the region and the tokens in:",
            )}
          </p>
          <Command text={`cp ${examples}/luna.json ${directory}/luna.json`} />
          <Command text="systemctl enable --now dsecos-hsm@luna.socket" />
          <Command text="man dsecos-hsm" />
        </div>
      </Nothing>
    </section>
  );
}
