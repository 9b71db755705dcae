// What a cut line or a closed page left behind, and which files here go on with it.
import type { Chosen } from './gather'
import type { Upload, UploadFile } from './types'

/** Which of the files here are those that an upload still waits for: by name, else by the name's end, and size. */
export function matching(files: readonly Chosen[], waiting: readonly UploadFile[]): Map<number, File> {
  const found = new Map<number, File>()
  const free = [...files]
  const last = (name: string) => name.split('/').pop()
  for (const same of [(a: string, b: string) => a === b, (a: string, b: string) => last(a) === last(b)])
    for (const wanted of waiting) {
      if (found.has(wanted.number)) continue
      const index = free.findIndex(({ name, file }) => file.size === wanted.size && same(name, wanted.name))
      if (index >= 0) found.set(wanted.number, free.splice(index, 1)[0]!.file)
    }
  return found
}

/** Uploads that a cut line or a closed page left behind, and nobody goes on with here. */
export function leftBehind(uploads: readonly Upload[], here: readonly (string | undefined)[]): Upload[] {
  const own = new Set(here)
  return uploads.filter((each) => !each.finished_at && each.states.waiting && !own.has(each.upload_id))
}
