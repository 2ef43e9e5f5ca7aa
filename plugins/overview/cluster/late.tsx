/** The screen on the wall, in a file of its own, which the page does not wait for. */
import { useLoaded } from "../../lib/parts.ts";
import { Failure, Loading } from "../../lib/states.tsx";

const wall = { load: async () => (await import("./wall.tsx")).Wall };

export function LateWall() {
  const { value: Wall, error, again } = useLoaded(wall);
  if (error) return <Failure error={error} retry={again} />;
  return Wall ? <Wall /> : <Loading />;
}
