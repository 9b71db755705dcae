// Rings for an emergency: two tones made by the browser itself, and a title that flashes until somebody looks.
let context: AudioContext | null = null
let flashing: ReturnType<typeof setInterval> | undefined
let title = ''

/** A browser lets a page sound only after somebody has touched it once. */
export function allowSound(): void {
  context ??= new AudioContext()
  void context.resume()
}

export function ring(): void {
  // On a slow computer sound begins a while after the first touch.
  void context?.resume().then(() => sound(context!))
}

function sound(context: AudioContext): void {
  for (const [index, pitch] of [880, 660, 880, 660].entries()) {
    const at = context.currentTime + index * 0.22
    const tone = context.createOscillator()
    const loudness = context.createGain()
    tone.frequency.value = pitch
    loudness.gain.setValueAtTime(0.0001, at)
    loudness.gain.exponentialRampToValueAtTime(0.25, at + 0.02)
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + 0.2)
    tone.connect(loudness).connect(context.destination)
    tone.start(at)
    tone.stop(at + 0.21)
  }
}

export function setTitle(text: string): void {
  title = text
  if (!flashing) document.title = text
}

export function flash(words: string): void {
  stopFlashing()
  let isWarned = false
  flashing = setInterval(() => {
    isWarned = !isWarned
    document.title = isWarned ? words : title
  }, 800)
  document.title = words
}

export function stopFlashing(): void {
  clearInterval(flashing)
  flashing = undefined
  if (title) document.title = title
}
