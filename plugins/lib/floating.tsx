/**
 * What floats above the page beside another element: menus, help, reasons. It uses the browser's
 * top layer, so that no scrolling table cuts it off.
 */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";

type Align = "start" | "end";

const gap = 4;
const margin = 8;

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** @returns where to put a panel beside an anchor, inside the window, above it where below is no room. */
export function placeBeside(
  anchor: Box,
  panel: { width: number; height: number },
  view: { width: number; height: number },
  atLeft: boolean,
): { left: number; top: number } {
  const left = atLeft ? anchor.left : anchor.right - panel.width;
  const roomBelow = view.height - anchor.bottom - gap - margin;
  const below = panel.height <= roomBelow || anchor.top < roomBelow;
  const top = below ? anchor.bottom + gap : anchor.top - gap - panel.height;
  return {
    left: inWindow(left, panel.width, view.width),
    top: inWindow(top, panel.height, view.height),
  };
}

/** Where there is room on neither side, a panel rather covers its anchor than leaves the window. */
function inWindow(start: number, length: number, room: number): number {
  return Math.max(margin, Math.min(start, room - length - margin));
}

interface Props {
  anchor: Element;
  align?: Align;
  className?: string;
  /** Called on Escape, on Tab out of it and on a click elsewhere. */
  close?: () => void;
  children: ReactNode;
}

export function Floating({ anchor, align = "start", className = "", close, children }: Props) {
  const panel = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = panel.current;
    if (!element) return;
    const put = () => {
      const rightToLeft = document.documentElement.dir === "rtl";
      const { left, top } = placeBeside(
        anchor.getBoundingClientRect(),
        { width: element.offsetWidth, height: element.offsetHeight },
        { width: document.documentElement.clientWidth, height: window.innerHeight },
        (align === "start") !== rightToLeft,
      );
      element.style.translate = `${left}px ${top}px`;
    };
    element.showPopover();
    put();
    const resized = new ResizeObserver(put);
    resized.observe(element);
    window.addEventListener("scroll", put, true);
    window.addEventListener("resize", put);
    return () => {
      resized.disconnect();
      window.removeEventListener("scroll", put, true);
      window.removeEventListener("resize", put);
    };
  }, [anchor, align]);
  useEffect(() => {
    if (!close) return;
    const inside = (event: Event) =>
      event.target instanceof Node &&
      (panel.current?.contains(event.target) || anchor.contains(event.target));
    const pressed = (event: Event) => {
      if (!inside(event)) close();
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      if (anchor instanceof HTMLElement) anchor.focus();
      close();
    };
    window.addEventListener("pointerdown", pressed, true);
    window.addEventListener("focusin", pressed);
    window.addEventListener("keydown", key, true);
    return () => {
      window.removeEventListener("pointerdown", pressed, true);
      window.removeEventListener("focusin", pressed);
      window.removeEventListener("keydown", key, true);
    };
  }, [anchor, close]);
  return (
    <div ref={panel} popover="manual" className={`ds-floating ${className}`}>
      {children}
    </div>
  );
}
