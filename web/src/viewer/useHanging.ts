import { useCallback, useEffect, useState } from 'preact/hooks'
import { counterpart, hung, type Layout } from './hanging'
import type { Choice } from './Strip'
import type { Study } from './study'

type Choices = readonly [Choice | undefined, Choice | undefined]

export interface Hanging {
  layout: Layout
  choices: Choices
  active: 0 | 1
  /** What is on the screen now. */
  shown: readonly (Choice | undefined)[]
  activate: (slot: 0 | 1) => void
  /** Show a choice in the active pane. */
  open: (choice: Choice) => void
  /** Show the neighbour of what the active pane has: one image further, or one series. */
  go: (step: 1 | -1, by: 'image' | 'series') => void
  /** One pane alone, or both again. */
  enlarge: (slot: 0 | 1) => void
  setLayout: (layout: Layout) => void
}

/** Hang a study, its prior on the left as soon as that is here. */
export function useHanging(study: Study, prior: Study | undefined): Hanging {
  const [layout, setLayout] = useState<Layout>('one')
  const [choices, setChoices] = useState<Choices>([undefined, undefined])
  const [active, setActive] = useState<0 | 1>(0)

  useEffect(() => {
    const first = firstOf(study)
    if (prior !== undefined && prior.images.length + prior.electrocardiograms.length > 0) {
      setLayout('two')
      setChoices([priorChoice(study, first.choices[0], prior), first.choices[0]])
      setActive(1)
      return
    }
    setLayout(first.layout)
    setChoices(first.choices)
    setActive(0)
    // Images that came since change nothing of how it hangs.
  }, [study.reference, prior])

  const open = useCallback(
    (choice: Choice) => {
      setLayout((before) => (before === 'grid' ? 'one' : before))
      setChoices(([left, right]) => (active === 0 ? [choice, right] : [left, choice]))
    },
    [active],
  )
  const go = useCallback(
    (step: 1 | -1, by: 'image' | 'series') => {
      const from = choices[active]
      const of = from?.from === 'prior' ? prior : study
      const next = from && of && neighbour(from, of, step, by)
      if (next !== undefined) open(next)
    },
    [choices, active, prior, study, open],
  )
  const enlarge = useCallback(
    (slot: 0 | 1) => {
      setActive(slot)
      const hasBoth = choices[0] !== undefined && choices[1] !== undefined
      setLayout((before) => (before === 'two' ? 'one' : hasBoth ? 'two' : before))
    },
    [choices],
  )
  const arranged = useCallback(
    (next: Layout) => {
      setLayout(next)
      if (next !== 'two') return
      // The second pane begins with what comes behind the first.
      setChoices(([left, right]) => [left, right ?? (left && (neighbour(left, study, 1, 'image') ?? left))])
    },
    [study],
  )
  const shown = layout === 'grid' ? [] : layout === 'two' ? choices : [choices[active]]
  return {
    layout,
    choices,
    active,
    shown,
    activate: setActive,
    open,
    go,
    enlarge,
    setLayout: arranged,
  }
}

function firstOf(study: Study): { layout: Layout; choices: Choices } {
  if (study.images.length === 0) {
    return { layout: 'one', choices: [{ from: 'study', kind: 'ecg', place: 0 }, undefined] }
  }
  const { layout, panes } = hung(study.images.map(({ image }) => image))
  const [left, right] = panes.map((place) => ({ from: 'study', kind: 'image', place }) as const)
  return { layout, choices: [left, right] }
}

function priorChoice(study: Study, today: Choice | undefined, prior: Study): Choice {
  if (prior.images.length === 0 || today?.kind === 'ecg') {
    const kind = prior.electrocardiograms.length > 0 ? 'ecg' : 'image'
    return { from: 'prior', kind, place: 0 }
  }
  const image = study.images[today?.place ?? 0]?.image
  const images = prior.images.map((each) => each.image)
  return { from: 'prior', kind: 'image', place: image ? counterpart(image, images) : 0 }
}

function neighbour(
  { from, kind, place }: Choice,
  study: Study,
  step: 1 | -1,
  by: 'image' | 'series',
): Choice | undefined {
  if (kind === 'ecg') {
    const next = place + step
    return next >= 0 && next < study.electrocardiograms.length ? { from, kind, place: next } : undefined
  }
  const own = study.images[place]?.image.seriesInstanceUid
  let next = place + step
  if (by === 'series') {
    while (study.images[next]?.image.seriesInstanceUid === own && own !== undefined) next += step
    // Backwards to the first of its series.
    const series = study.images[next]?.image.seriesInstanceUid
    while (step < 0 && next > 0 && study.images[next - 1]?.image.seriesInstanceUid === series) {
      next -= 1
    }
  }
  return study.images[next] === undefined ? undefined : { from, kind, place: next }
}
