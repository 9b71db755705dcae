import { useCallback, useState } from 'preact/hooks'
import { windowOf } from './grey'
import type { Image } from './image'
import { markText } from './mark_text'
import { type Draft, type Mark, type MarkValue, withPoint } from './marks'
import type { Keeping } from './marks_keeping'
import { type Measured, quantitiesOf } from './measure'
import type { Held, PaneHandle } from './Pane'
import type { Stage } from './stage'
import type { Study, StudyReference } from './study'
import { useMarks } from './useMarks'

export interface Marking {
  marks: readonly Mark[]
  keeping: Keeping
  picked: string | undefined
  /** The arrow that still waits for its words. */
  unnamed: Mark | undefined
  add: (draft: Draft, frame: number, stage: Stage) => void
  name: (mark: Mark, words: string) => void
  pick: (mark: Mark | undefined) => void
  movePoint: (mark: Mark, place: number, at: readonly [number, number], isEnd: boolean) => void
  removePicked: () => void
  /** Make the active picture a key image, or none. */
  toggleKeyImage: () => void
  undo: () => void
  redo: () => void
}

interface Asked {
  study: StudyReference
  workitemUid?: string | undefined
  onMeasure?: ((words: string) => void) | undefined
}

/** What a hand draws becomes a mark, and its words go to the report. */
export function useMarking(
  { study, workitemUid, onMeasure }: Asked,
  loaded: Study,
  handles: Held<readonly (PaneHandle | undefined)[]>,
  active: 0 | 1,
): Marking {
  const { marks, keeping, change, undo, redo } = useMarks(study, loaded, workitemUid)
  const [picked, setPicked] = useState<string>()
  const [unnamed, setUnnamed] = useState<Mark>()

  const add = useCallback(
    (draft: Draft, frame: number, stage: Stage) => {
      const { image } = stage
      if (image === undefined) return
      const measured = measuredOf(stage, image)
      const mark: Mark = {
        ...draft,
        id: newId(),
        sopInstanceUid: image.sopInstanceUid,
        frame: frame + 1,
        text: '',
        values: valuesOf(draft, measured),
      }
      change((all) => [...all, mark])
      setPicked(mark.id)
      if (mark.kind === 'arrow') setUnnamed(mark)
      else onMeasure?.(markText(mark, measured.scale))
    },
    [change, onMeasure],
  )
  const movePoint = useCallback<Marking['movePoint']>(
    (mark, place, at, isEnd) => {
      const stage = handles.current[active]?.stage
      change((all) => {
        const next = withPoint(all, mark.id, place, at)
        return stage === undefined ? next : next.map((each) => measuredAgain(each, mark.id, stage))
      }, isEnd)
    },
    [change, handles, active],
  )
  const removePicked = useCallback(() => {
    if (picked === undefined) return
    change((all) => all.filter(({ id }) => id !== picked))
    setPicked(undefined)
  }, [change, picked])
  const name = useCallback(
    (mark: Mark, words: string) => {
      setUnnamed(undefined)
      if (words === '') return
      change((all) => all.map((each) => (each.id === mark.id ? { ...each, text: words } : each)))
    },
    [change],
  )
  const toggleKeyImage = useCallback(() => {
    const stage = handles.current[active]?.stage
    if (stage?.image === undefined) return
    change((all) => withKeyImage(all, stage))
  }, [change, handles, active])
  const pick = useCallback((mark: Mark | undefined) => {
    setPicked(mark?.id)
  }, [])
  return {
    marks,
    keeping,
    picked,
    unnamed,
    add,
    name,
    pick,
    movePoint,
    removePicked,
    toggleKeyImage,
    undo,
    redo,
  }
}

/** Return what measures need to know of an image in a stage; of its values only when they are there. */
export function measuredOf(stage: Stage, image: Image): Measured {
  return {
    scale: image.scale,
    aspect: image.pixelAspect,
    columns: image.columns,
    rows: image.rows,
    at: stage.image === image ? stage.valueAt : undefined,
    valueUnit: image.dataset['00281054']?.Value?.[0] === 'HU' ? 'HU' : '',
  }
}

function valuesOf(draft: Draft, measured: Measured): MarkValue[] {
  return quantitiesOf(draft.kind, draft.points, measured)
    .filter(({ value }) => Number.isFinite(value))
    .map(({ name, value, unit }) => ({ name, value, unit }))
}

function measuredAgain(mark: Mark, id: string, stage: Stage): Mark {
  const { image } = stage
  if (mark.id !== id || mark.kind === 'key-image' || image === undefined) return mark
  const draft = { kind: mark.kind, points: [...mark.points] }
  return { ...mark, values: valuesOf(draft, measuredOf(stage, image)) }
}

function withKeyImage(marks: readonly Mark[], stage: Stage): readonly Mark[] {
  const sopInstanceUid = stage.image?.sopInstanceUid ?? ''
  const frame = stage.frame + 1
  const others = marks.filter(
    (mark) => mark.kind !== 'key-image' || mark.sopInstanceUid !== sopInstanceUid || mark.frame !== frame,
  )
  if (others.length < marks.length) return others
  const { chosen } = stage
  const window = chosen === undefined ? undefined : windowOf(chosen)
  return [
    ...marks,
    {
      id: newId(),
      sopInstanceUid,
      frame,
      kind: 'key-image',
      points: [],
      text: '',
      values: [],
      window: window && { center: window.center, width: window.width },
    },
  ]
}

function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
