/**
 * What is asked of the agent while the power is cut: one program for the machine's shell.
 *
 * Three callers refuse requests that are not there, again and again, and the number of each act is
 * told when its answer has come. Refusing is an act like any other: its intent is on the disk
 * before anything is looked up, and so long before the answer. Three more delete images, which
 * needs Incus; but at Incus's socket is somebody who takes every call and answers none, so that at
 * whatever moment the power goes, something was begun and did not end.
 */

/** In the place of Incus: takes calls, and says nothing. */
const deafIncus = `import os, socket
os.makedirs("/var/lib/incus", exist_ok=True)
deaf = socket.socket(socket.AF_UNIX)
deaf.bind("/var/lib/incus/unix.socket")
deaf.listen(64)
calls = []
while True:
    calls.append(deaf.accept())
`;

/** What an act is about, by its number. */
export const requestOf = (act: number) => act.toString(16).padStart(16, "0");

/** Tells the numbers of acts that were answered, one on a line. */
export const acts = `
call() { busctl --timeout=120 call org.dsecos.Agent "$@" 2>&1; }

delete() {
  for i in $(seq $1 3 99999); do
    call /org/dsecos/images org.dsecos.Images1 Delete s $(printf %064x $i) >/dev/null
  done
}

refuse() {
  for i in $(seq $1 3 99999); do
    request=$(printf %016x $i)
    said=$(call /org/dsecos/approvals org.dsecos.Approvals1 Reject ss $request "before the cut")
    case $said in
      *"There is no request $request."*) echo $i ;;
      # Emulated, it may need longer than the agent waits; then nothing was begun.
      *"polkit does not answer"*) ;;
      *) echo "$said" ;;
    esac
  done
}

python3 -c '${deafIncus}' &
until [ -S /var/lib/incus/unix.socket ]; do :; done
for first in 1 2 3; do delete $first & refuse $first & done
wait
`;
