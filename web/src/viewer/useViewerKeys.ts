import { useCallback } from "preact/hooks";
import { type PaneCommand, done, linkLook, linkWindow, presetsOf } from "./commands";
import { type EcgHandle } from "./EcgPane";
import { type Held, type PaneHandle } from "./Pane";
import { type Tool } from "./tools";
import { type Hanging } from "./useHanging";
import { type Marking } from "./useMarking";
import { type Shared } from "./Viewer";

/** What a key or a button of the viewer means. */
export type ViewerCommand =
  | PaneCommand
  | `tool.${Tool}`
  | `preset.${number}`
  | "next"
  | "previous"
  | "nextImage"
  | "previousImage"
  | "nextSeries"
  | "previousSeries"
  | "names"
  | "marks"
  | "link"
  | "onePane"
  | "twoPanes"
  | "grid"
  | "otherPane"
  | "keyImage"
  | "remove"
  | "undo"
  | "redo"
  | "march"
  | "cancel";

interface Reached {
  handles: Held<readonly (PaneHandle | undefined)[]>;
  ecg: Held<EcgHandle | undefined>;
  hanging: Hanging;
  marking: Marking;
  shared: Shared;
  setShared: (change: (before: Shared) => Shared) => void;
}

/** Return what does a command; false where there was nothing to do, so that a key stays free for others. */
export function useViewerCommands(reached: Reached): (command: ViewerCommand) => boolean {
  const { handles, ecg, hanging, marking, setShared } = reached;
  return useCallback(
    (command) => {
      const pane = handles.current[hanging.active];
      const other = handles.current[hanging.active ^ 1];
      if (command.startsWith("tool.")) {
        const tool = command.slice("tool.".length) as Tool;
        setShared((before) => ({ ...before, tool }));
        return true;
      }
      if (command.startsWith("preset.")) return preset(pane, Number(command.slice(7)));
      const whole = ofViewer(reached)[command];
      if (whole !== undefined) return whole(pane, other) !== false;
      if (pane === undefined) {
        if (command === "reset") ecg.current?.reset();
        return command === "reset";
      }
      const { looks, windows } = done(command as PaneCommand, pane);
      if (looks && reached.shared.isLinked) linkLook(pane, other);
      if (windows && reached.shared.isLinked) linkWindow(pane, other);
      return true;
    },
    [handles, ecg, hanging, marking, setShared, reached.shared],
  );
}

type Does = (pane: PaneHandle | undefined, other: PaneHandle | undefined) => unknown;

function ofViewer(reached: Reached): Partial<Record<ViewerCommand, Does>> {
  const { hanging, marking, ecg, setShared } = reached;
  const toggled = (name: "hidesNames" | "showsMarks" | "isLinked"): void => {
    setShared((before) => ({ ...before, [name]: !before[name] }));
  };
  return {
    next: (pane) => step(pane, hanging, 1),
    previous: (pane) => step(pane, hanging, -1),
    nextImage: () => {
      hanging.go(1, "image");
    },
    previousImage: () => {
      hanging.go(-1, "image");
    },
    nextSeries: () => {
      hanging.go(1, "series");
    },
    previousSeries: () => {
      hanging.go(-1, "series");
    },
    names: () => {
      toggled("hidesNames");
    },
    marks: () => {
      toggled("showsMarks");
    },
    link: () => {
      toggled("isLinked");
    },
    onePane: () => {
      hanging.setLayout("one");
    },
    twoPanes: () => {
      hanging.setLayout("two");
    },
    grid: () => {
      hanging.setLayout("grid");
    },
    otherPane: () => {
      hanging.activate(hanging.active === 0 ? 1 : 0);
    },
    keyImage: marking.toggleKeyImage,
    remove: marking.removePicked,
    undo: marking.undo,
    redo: marking.redo,
    march: () => ecg.current?.march(),
    cancel: (pane) => {
      const had = pane?.cancel() === true || ecg.current?.cancel() === true;
      if (!had) setShared((before) => ({ ...before, tool: "window" }));
      marking.pick(undefined);
    },
  };
}

/** Through the frames of a stack or a cine; of single pictures to the neighbour. */
function step(pane: PaneHandle | undefined, hanging: Hanging, by: 1 | -1): void {
  const { stage } = pane ?? {};
  if (pane !== undefined && stage?.image !== undefined && stage.image.frameCount > 1) {
    pane.turnTo(stage.frame + by);
  } else hanging.go(by, "image");
}

function preset(pane: PaneHandle | undefined, number: number): boolean {
  const chosen = presetsOf(pane?.stage)[number - 1];
  if (pane === undefined || chosen === undefined) return false;
  pane.stage.choose(chosen);
  return true;
}
