// Which files somebody chose or dropped, and which of them can be images of a study.

export interface Chosen {
  /** The way to it inside what was chosen, as the person knows it. */
  name: string
  file: File
}

/** A file as it may be sent: `study` is its Study Instance UID where the first bytes tell it. */
export interface Sendable extends Chosen {
  study: string
}

export interface Gathered {
  sendable: Sendable[]
  leftOut: string[]
}

const HEAD = 64 * 1024
const LONGEST_NAME = 200
const MOST_FILES = 20_000
const STUDY_INSTANCE_UID = [0x20, 0x00, 0x0d, 0x00]

/** A name that the hub keeps: its end, which tells files apart, and nothing that does not print. */
export function keptName(name: string): string {
  const clean = [...name.replace(/^\/+/, '')].map((sign) => (sign < ' ' ? '_' : sign)).join('')
  return clean.slice(-LONGEST_NAME).replace(/^[\udc00-\udfff]/, '') || '_'
}

function startsWith(bytes: Uint8Array, signs: readonly number[], at: number): boolean {
  return signs.every((sign, index) => bytes[at + index] === sign)
}

/** Whether a file begins as PS3.10 says, as a data set without that, or as a ZIP. */
export function canBeSent(head: Uint8Array, name: string): boolean {
  const isDicom = startsWith(head, [0x44, 0x49, 0x43, 0x4d], 128)
  const isBare = (head[0] === 0x08 || head[0] === 0x02) && head[1] === 0 && head[3] === 0 && head.length > 8
  // Many other files are ZIPs within, such as the programs on a patient's disc.
  const isZip =
    startsWith(head, [0x50, 0x4b, 3, 4], 0) && /(\.zip|^[^.]*)$/i.test(name.split('/').pop() ?? '')
  return isDicom || isBare || isZip
}

const ECG_ROOTS = /<(\w+:)?(AnnotatedECG|RestingECG|restingecgdata)\b/

/** Whether a file can be an ECG as carts write them; which kind it is, and whether it is one, the hub finds. */
export function canBeEcg(head: Uint8Array, name: string): boolean {
  const signs = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to))
  const isScp = signs(16, 22) === 'SCPECG' || /\.scp$/i.test(name)
  const isMfer = signs(2, 6) === 'MFR ' || /\.mwf$/i.test(name)
  const isHolter = signs(0, 8) === 'ISHNE1.0' || signs(0, 8) === '0       ' || signs(1, 8) === 'BIOSEMI'
  // Without its zeros UTF-16 reads as what it says.
  return isScp || isMfer || isHolter || ECG_ROOTS.test(signs(0, 4096).replaceAll('\0', ''))
}

const isPdf = (head: Uint8Array) => startsWith(head, [0x25, 0x50, 0x44, 0x46, 0x2d], 0)

/** The Study Instance UID in the first bytes, "" where they do not tell. Only what is sent together hangs on it. */
export function studyIn(head: Uint8Array): string {
  for (let at = head.indexOf(0x20); at >= 0; at = head.indexOf(0x20, at + 1)) {
    if (!startsWith(head, STUDY_INSTANCE_UID, at)) continue
    const isExplicit = head[at + 4] === 0x55 && head[at + 5] === 0x49
    const length = isExplicit ? head[at + 6]! | (head[at + 7]! << 8) : head[at + 4]! | (head[at + 5]! << 8)
    if (!length || length > 64) continue
    const text = String.fromCharCode(...head.subarray(at + 8, at + 8 + length)).replace(/[\0 ]+$/, '')
    if (/^[\d.]{5,64}$/.test(text)) return text
  }
  return ''
}

/** Looks into each file. What cannot be an image is left at home: a slow line has no room for it. */
export async function gathered(chosen: readonly Chosen[]): Promise<Gathered> {
  const found: Gathered = { sendable: [], leftOut: [] }
  const printed: Sendable[] = []
  for (const { name, file } of chosen.slice(0, MOST_FILES)) {
    const head = await file
      .slice(0, HEAD)
      .arrayBuffer()
      .then((buffer) => new Uint8Array(buffer))
      .catch(() => new Uint8Array())
    if (file.size && canBeSent(head, name)) found.sendable.push({ name, file, study: studyIn(head) })
    else if (file.size && canBeEcg(head, name)) found.sendable.push({ name, file, study: '' })
    else if (file.size && isPdf(head)) printed.push({ name, file, study: '' })
    else found.leftOut.push(name)
  }
  // A PDF by itself is a printed ECG; beside images it is what else lies on a patient's disc.
  if (found.sendable.length) found.leftOut.push(...printed.map(({ name }) => name))
  else found.sendable.push(...printed)
  found.leftOut.push(...chosen.slice(MOST_FILES).map(({ name }) => name))
  return found
}

/** What one upload brings: one study, so that the hub can say "84 of 120", unless there are very many. */
export function batches(files: readonly Sendable[], mostBatches = 20, largest = 1000): Sendable[][] {
  const studies = new Map<string, Sendable[]>()
  for (const each of files) {
    const key = each.study || (each.name.toLowerCase().endsWith('.zip') ? each.name : '')
    studies.set(key, [...(studies.get(key) ?? []), each])
  }
  const groups = studies.size > mostBatches ? [[...files]] : [...studies.values()]
  return groups.flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / largest) }, (_, index) =>
      group.slice(index * largest, (index + 1) * largest),
    ),
  )
}

export function chosenIn(files: FileList | null): Chosen[] {
  return [...(files ?? [])].map((file) => ({ name: keptName(file.webkitRelativePath || file.name), file }))
}

/** The files of what was dropped, folders with all that lies in them. Call it before anything is awaited. */
export async function chosenInDrop(transfer: DataTransfer): Promise<Chosen[]> {
  const entries = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry) => entry !== null)
  if (!entries.length) return chosenIn(transfer.files)
  const found: Chosen[] = []
  const open: FileSystemEntry[] = entries
  while (open.length && found.length <= MOST_FILES) {
    const entry = open.shift()!
    if (entry.isDirectory) open.unshift(...(await inside(entry as FileSystemDirectoryEntry)))
    else {
      const file = await fileOf(entry as FileSystemFileEntry)
      if (file) found.push({ name: keptName(entry.fullPath), file })
    }
  }
  return found
}

async function inside(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  // A reader gives about a hundred at a time.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    )
    if (!some.length) return all
    all.push(...some)
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File | null> {
  return new Promise((resolve) => entry.file(resolve, () => resolve(null)))
}
