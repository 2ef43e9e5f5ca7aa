/** The root that the tree had at a size, out of what is on the disk. */
import { bundleEvents } from "../segments/format.ts";
import { LogReader } from "../segments/reader.ts";
import { treeOfBundles } from "../segments/tree.ts";
import { hashBytes } from "../tlog/merkle.ts";

/**
 * Reads bundle roots as they are stored, and the events of one bundle at most.
 * @throws DamagedLog, RangeError when the log does not reach that far
 */
export function rootAt(directory: string, size: number): Buffer {
  const reader = new LogReader(directory);
  try {
    reader.refresh();
    const bundles = Math.floor(size / bundleEvents);
    const range = treeOfBundles(directory, bundles, (bundle) => reader.bundleRoot(bundle));
    const rest = size % bundleEvents;
    const leaves = rest === 0 ? Buffer.alloc(0) : reader.leafHashes(bundles);
    if (leaves.length < rest * hashBytes) throw new RangeError(`the log has less than ${size}`);
    for (let i = 0; i < rest; i++)
      range.append(leaves.subarray(i * hashBytes, (i + 1) * hashBytes));
    return range.root();
  } finally {
    reader.close();
  }
}
