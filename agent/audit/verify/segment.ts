/** One segment, open or closed: what its bytes say, and whether they agree among themselves. */
import { decodeSegmentHeader, segmentHeaderBytes } from "../segments/format.ts";
import { verifyClosed } from "./closed.ts";
import { chainOf } from "./entries.ts";
import { OpenFile } from "./files.ts";
import { finding } from "./findings.ts";
import type { SegmentJob, SegmentResult } from "./job.ts";
import { verifyOpen } from "./open.ts";
import { SegmentState } from "./state.ts";

export function verifySegment(job: SegmentJob): SegmentResult {
  const file = new OpenFile(job.file);
  try {
    const bytes = file.bytes(0, segmentHeaderBytes);
    const header = decodeSegmentHeader(bytes);
    const state = new SegmentState(job, bytes, header);
    if (header?.first !== job.first) {
      const text =
        header === undefined
          ? "The file does not begin with the header of a segment."
          : `The header belongs to the segment that begins with event ${header.first}.`;
      state.findings.push(
        finding({ code: "structure.segment", file: job.file.path, offset: 0, text }),
      );
      state.whole = false;
      return { ...state.result(), before: header === undefined ? "" : chainOf(header.before) };
    }
    if (job.closed) verifyClosed(file, job, state);
    else verifyOpen(file, job, state);
    return state.result();
  } finally {
    file.close();
  }
}
